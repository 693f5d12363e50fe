with fetches as (
    select
        snapshot_date,
        data_source,
        count(*) as items,
        count(*) filter (where status = 'ok') as ok_items,
        {{ joined('status', ', ', 'status', distinct=true) }} as statuses,
        {{ joined(
            "item || ': ' || coalesce(detail, status)", '; ', 'item', condition="status <> 'ok'"
        ) }} as detail,
        {{ whole_number('sum(new_rows)') }} as new_rows,
        max(as_of) as as_of,
        max(origin) as origin,
        max(fetched_at) as fetched_at
    from {{ ref('stg_sources__fetches') }}
    group by snapshot_date, data_source
)

select
    snapshot_date,
    data_source,
    ok_items = items as is_ok,
    statuses,
    items,
    ok_items,
    detail,
    new_rows,
    as_of,
    origin,
    fetched_at
from fetches
order by snapshot_date, data_source
