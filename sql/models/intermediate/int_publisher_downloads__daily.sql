{{ built_by_day(judged=true, in_parts=true) }}

with {{ interval_ctes(days_to_build()) }},

-- intervals of one length are spread alike, so they are added up before they are spread
sums as (
    select
        intervals.observed_date,
        intervals.start_date,
        cards.publisher,
        sum(cast(intervals.delta as double)) / max(intervals.length_days) as net
    from intervals
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            intervals.model_key = cards.model_key
            and {{ holds_on('cards', 'intervals.observed_date') }}
    where
        intervals.delta <> 0
        and cards.publisher is not null
    group by intervals.observed_date, intervals.start_date, cards.publisher
),

spread as (
    select
        sums.observed_date as snapshot_date,
        {{ each_day('sums.start_date', days_after('sums.observed_date', -1)) }} as activity_date,
        numbered.publisher_key,
        sums.net
    from sums
    inner join {{ ref('int_publishers__numbered') }} as numbered
        on sums.publisher = numbered.publisher
)

select
    snapshot_date,
    activity_date,
    publisher_key,
    sum(net) as net
from spread
group by snapshot_date, activity_date, publisher_key
order by snapshot_date, activity_date, publisher_key
