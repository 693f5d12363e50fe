-- open: everybody may take the weights and use them commercially; closed: no weights for everybody,
-- or not for commerce; anything that is not known of either counts for neither
with cells as (
    select
        snapshot_date,
        activity_date,
        downloads_30d,
        case
            when access_class in ('A0', 'A1') or licence_class = 'L1' then 'closed'
            when access_class in ('A2', 'A3') and licence_class in ('L2', 'L3', 'L4') then 'open'
            else 'unknown'
        end as hub_class
    from {{ ref('fct_openness_daily') }}
)

select
    cells.activity_date,
    cast(sum(cells.downloads_30d) filter (where cells.hub_class = 'open') as double) as open_value,
    cast(sum(cells.downloads_30d) filter (where cells.hub_class = 'closed') as double)
        as closed_value,
    cast(sum(cells.downloads_30d) as double) as total_value,
    max(snapshots.captured_at) as vintage
from cells
inner join {{ ref('stg_hub__snapshots') }} as snapshots
    on cells.snapshot_date = snapshots.snapshot_date
group by cells.activity_date
