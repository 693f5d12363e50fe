with newest as (
    select
        data_source,
        max(as_of) as as_of,
        {{ value_at_greatest('attribution', 'as_of') }} as attribution,
        max(snapshot_date) as last_snapshot_date
    from {{ ref('stg_sources__fetches') }}
    where as_of is not null
    group by data_source
    union all
    select
        'hub' as data_source,
        max(captured_at) as as_of,
        null as attribution,
        max(snapshot_date) as last_snapshot_date
    from {{ ref('stg_hub__snapshots') }}
    union all
    select
        'prices' as data_source,
        max(fetched_at) as as_of,
        null as attribution,
        max(snapshot_date) as last_snapshot_date
    from {{ ref('stg_markets__fetches') }}
    where status = 'ok'
),

last_fetches as (
    select
        data_source,
        statuses,
        detail
    from {{ ref('fct_source_status_daily') }}
    qualify row_number() over (partition by data_source order by snapshot_date desc) = 1
)

select
    sources.data_source,
    sources.name,
    coalesce(newest.attribution, {{ cited('sources.attribution', 'newest.as_of') }}) as attribution,
    sources.licence,
    sources.terms,
    sources.terms_url,
    newest.as_of,
    newest.last_snapshot_date,
    last_fetches.statuses as last_statuses,
    last_fetches.detail as last_detail,
    sources.source
from {{ source('seeds', 'data_sources') }} as sources
left join newest
    on sources.data_source = newest.data_source
left join last_fetches
    on sources.data_source = last_fetches.data_source
order by sources.data_source
