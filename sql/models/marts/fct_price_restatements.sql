with paired as (
    select
        newer.symbol,
        newer.session_date,
        newer.vintage,
        older.close as was_close,
        newer.close as is_close,
        older.adj_close as was_adj_close,
        newer.adj_close as is_adj_close
    from {{ ref('stg_markets__bars') }} as newer
    inner join {{ ref('stg_markets__bars') }} as older
        on
            newer.symbol = older.symbol
            and newer.session_date = older.session_date
            and newer.vintage = older.vintage + 1
)

select
    paired.symbol,
    paired.session_date,
    paired.vintage,
    paired.was_close,
    paired.is_close,
    paired.was_adj_close,
    paired.is_adj_close,
    paired.is_adj_close / nullif(paired.was_adj_close, 0) as ratio,
    vintages.fetched_at as restated_at,
    vintages.reason
from paired
cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
inner join {{ ref('stg_markets__vintages') }} as vintages
    on
        paired.symbol = vintages.symbol
        and paired.vintage = vintages.vintage
where
    abs(paired.is_close - paired.was_close) > thresholds.restated_beyond * abs(paired.was_close)
    or abs(paired.is_adj_close - paired.was_adj_close)
    > thresholds.restated_beyond * abs(paired.was_adj_close)
order by paired.symbol, paired.vintage, paired.session_date
