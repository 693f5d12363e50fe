{{ published_view() }}
with newest as (
    select max(activity_date) as activity_date
    from {{ ref('fct_openness_groups_daily') }}
),

{{ composition_cte('openness') }}

select
    openness.openness_group,
    openness.activity_date as as_of,
    openness.models,
    openness.share_models,
    openness.share_downloads_30d as share_of_downloads,
    shares.share_of_language_models,
    shares.share_without_largest_family,
    shares.share_without_suspect,
    shares.largest_family,
    openness.share_downloads_30d_change_28d as change_28d,
    case
        when openness.scope = 'census' then 'of every public model'
        else 'of the listed models only: the most downloaded and all of the followed accounts'
    end as how_sure
from {{ ref('fct_openness_groups_daily') }} as openness
inner join newest
    on openness.activity_date = newest.activity_date
left join shares
    on openness.openness_group = shares.subject
where openness.relations = 'all'
