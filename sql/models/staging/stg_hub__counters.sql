select
    counters.snapshot_date,
    counters.model_key,
    counters.downloads_30d,
    -- archives write 0 where they know no cumulative count: below the last 30 days' it is none
    case
        when
            counters.downloads_all_time = 0
            and counters.downloads_30d > 0
            and accepted.provenance <> 'observed'
            then null
        else counters.downloads_all_time
    end as downloads_all_time,
    counters.likes,
    counters.trending_score
from {{ source('raw', 'hub_model_counters') }} as counters
inner join {{ source('raw', 'hub_snapshots') }} as accepted
    on counters.snapshot_date = accepted.snapshot_date
where accepted.is_accepted
