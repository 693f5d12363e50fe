{{ built_by_day(seeds=['publishers']) }}

with listed as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        snapshots.scope = 'census' as is_census
    from {{ ref('stg_hub__counters') }} as counters
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    where counters.snapshot_date {{ days_to_build() }}
),

-- counted before they are ranked: 2.5 million models have some thousand different counts
sizes as (
    select
        snapshot_date,
        downloads_30d,
        sum(count(*)) over (partition by snapshot_date order by downloads_30d desc) as models
    from listed
    where
        is_census
        and downloads_30d is not null
    group by snapshot_date, downloads_30d
),

least_sizes as (
    select
        snapshot_date,
        min(downloads_30d) as downloads_30d
    from sizes
    where models <= {{ var('detailed_models') }}
    group by snapshot_date
),

described as (
    select distinct
        cards.model_key,
        cards.valid_from,
        cards.valid_to
    from {{ ref('stg_hub__cards') }} as cards
    inner join {{ source('seeds', 'publishers') }} as publishers
        on cards.publisher = publishers.publisher
)

select
    listed.snapshot_date,
    listed.model_key
from listed
left join least_sizes
    on listed.snapshot_date = least_sizes.snapshot_date
left join described
    on
        listed.model_key = described.model_key
        and {{ holds_on('described', 'listed.snapshot_date') }}
where
    not listed.is_census
    or listed.downloads_30d >= least_sizes.downloads_30d
    or described.model_key is not null
order by listed.snapshot_date, listed.model_key
