with newest_of_scopes as (
    select
        scope_id,
        max(snapshot_date) as snapshot_date
    from {{ ref('stg_hub__snapshots') }}
    group by scope_id
),

known as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time,
        counters.likes
    from {{ ref('stg_hub__counters') }} as counters
    inner join newest_of_scopes
        on counters.snapshot_date = newest_of_scopes.snapshot_date
    union all
    select
        last_date as snapshot_date,
        model_key,
        downloads_30d,
        downloads_all_time,
        likes
    from {{ ref('int_snapshot_days__departures') }}
    where kind = 'listed'
),

last_sights as (
    select
        model_key,
        max(snapshot_date) as snapshot_date
    from known
    group by model_key
),

first_sights as (
    select
        model_key,
        min(valid_from) as snapshot_date
    from {{ ref('stg_hub__cards') }}
    group by model_key
),

censuses as (
    select snapshot_date
    from {{ ref('stg_hub__crawls') }}
    where
        scope = 'census'
        and is_accepted
        and is_complete
),

last_days as (
    select distinct snapshot_date
    from last_sights
),

-- only a complete census can show that a model is gone: from a top it may have fallen
absences as (
    select
        last_days.snapshot_date,
        count(censuses.snapshot_date) as absent_censuses
    from last_days
    left join censuses
        on last_days.snapshot_date < censuses.snapshot_date
    group by last_days.snapshot_date
),

newest as (
    select
        max(snapshot_date) as snapshot_date,
        max(case when scope = 'census' then snapshot_date end) as census_date
    from {{ ref('stg_hub__snapshots') }}
)

select
    known.model_key,
    coalesce(first_sights.snapshot_date, known.snapshot_date) as first_seen_date,
    known.snapshot_date as last_seen_date,
    known.snapshot_date >= coalesce(newest.census_date, newest.snapshot_date) as is_listed,
    absences.absent_censuses,
    case
        when newest.census_date is not null
            then absences.absent_censuses >= {{ var('gone_after_censuses') }}
    end as is_gone,
    known.downloads_30d,
    known.downloads_all_time,
    known.likes
from known
inner join last_sights
    on
        known.model_key = last_sights.model_key
        and known.snapshot_date = last_sights.snapshot_date
inner join absences
    on known.snapshot_date = absences.snapshot_date
cross join newest
left join first_sights
    on known.model_key = first_sights.model_key
-- sorted, it takes less room, the same every day, and no more time
order by known.model_key
