with ordered as (
    select
        compared.snapshot_date,
        crawls.is_complete,
        compared.scope_id,
        compared.counted_models,
        compared.panel_models_30d,
        compared.big_models,
        compared.rollback_state,
        compared.is_lasting_correction,
        compared.rows_share,
        compared.ratio,
        compared.frozen_share,
        compared.unchanged_share_30d,
        row_number() over by_scope as number,
        lag(compared.ratio) over by_scope as ratio_before,
        lead(compared.ratio) over by_scope as ratio_after
    from {{ ref('int_snapshot_days__compared') }} as compared
    inner join {{ ref('stg_hub__crawls') }} as crawls
        on compared.snapshot_date = crawls.snapshot_date
    window by_scope as (partition by compared.scope_id order by compared.snapshot_date)
),

judged as (
    select
        ordered.snapshot_date,
        ordered.scope_id,
        ordered.number,
        ordered.ratio,
        ordered.is_lasting_correction,
        case
            when
                not ordered.is_complete
                or coalesce(ordered.rows_share < thresholds.partial_rows_share, false)
                then 'partial'
            when
                ordered.counted_models = 0
                and ordered.panel_models_30d >= thresholds.frozen_30d_min_models
                and ordered.unchanged_share_30d >= thresholds.frozen_30d_share
                then 'frozen'
            when ordered.counted_models = 0 then 'no_counter'
            when ordered.rollback_state = 'held' then 'rollback'
            when
                ordered.big_models >= thresholds.frozen_min_models
                and ordered.frozen_share >= thresholds.frozen_share
                then 'frozen'
            when ordered.ratio is null then 'ok_unchecked'
            when ordered.ratio < thresholds.low_ratio then 'low'
            when
                ordered.ratio < thresholds.low_beside_high_ratio
                and (
                    (
                        ordered.ratio_before > thresholds.high_ratio
                        and ordered.ratio + ordered.ratio_before
                        between thresholds.pair_min_days and thresholds.pair_max_days
                    )
                    or (
                        ordered.ratio_after > thresholds.high_ratio
                        and ordered.ratio + ordered.ratio_after
                        between thresholds.pair_min_days and thresholds.pair_max_days
                    )
                )
                then 'low'
            when ordered.ratio > thresholds.high_ratio then 'high'
            else 'ok'
        end as status,
        ordered.counted_models > 0 as has_counter
    from ordered
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

bad_days as (
    select
        scope_id,
        snapshot_date,
        number
    from judged
    where status in ('low', 'frozen') and has_counter
),

-- the day before that already held part of it, the next day always, later ones while high
members as (
    select
        bad_days.scope_id,
        bad_days.number as bad_number,
        near.number,
        near.snapshot_date,
        case
            when near.number = bad_days.number then true
            when near.number < bad_days.number then near.ratio > thresholds.catch_up_before_ratio
            when near.number <= bad_days.number + thresholds.catch_up_min_days then true
            else
                min(case when near.ratio > thresholds.high_ratio then 1 else 0 end) over (
                    partition by bad_days.scope_id, bad_days.number, near.number > bad_days.number
                    order by near.number
                ) = 1
        end as is_member
    from bad_days
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    inner join judged as near
        on
            bad_days.scope_id = near.scope_id
            and near.number
            between bad_days.number - 1 and bad_days.number + thresholds.catch_up_max_days
),

spans as (
    select
        scope_id,
        bad_number,
        min(snapshot_date) as first_date,
        max(snapshot_date) as last_date,
        -- the next day always belongs to it: until it is there, the episode has not ended
        max(number) = bad_number as is_open
    from members
    where is_member
    group by scope_id, bad_number
),

chained as (
    select
        scope_id,
        first_date,
        last_date,
        is_open,
        max(last_date) over (
            partition by scope_id
            order by first_date, last_date
            rows between unbounded preceding and 1 preceding
        ) as earlier_last_date
    from spans
),

numbered as (
    select
        chained.scope_id,
        chained.first_date,
        chained.last_date,
        chained.is_open,
        sum(
            case
                when
                    {{ days_between('chained.earlier_last_date', 'chained.first_date') }}
                    <= thresholds.episode_gap_days
                    then 0
                else 1
            end
        ) over (
            partition by chained.scope_id
            order by chained.first_date, chained.last_date
            rows between unbounded preceding and current row
        ) as episode
    from chained
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

episodes as (
    select
        scope_id,
        episode,
        min(first_date) as first_date,
        max(last_date) as last_date,
        max(cast(is_open as integer)) = 1 as is_open
    from numbered
    group by scope_id, episode
)

select
    judged.snapshot_date,
    judged.status,
    episodes.first_date as episode_first_date,
    episodes.last_date as episode_last_date,
    coalesce(judged.snapshot_date < episodes.last_date or episodes.is_open, false)
        as is_inside_episode,
    not coalesce(judged.snapshot_date < episodes.last_date or episodes.is_open, false)
    and (
        judged.status in ('ok', 'ok_unchecked', 'high', 'no_counter')
        or (judged.status = 'rollback' and judged.is_lasting_correction)
    ) as usable
from judged
left join episodes
    on
        judged.scope_id = episodes.scope_id
        and judged.snapshot_date between episodes.first_date and episodes.last_date
