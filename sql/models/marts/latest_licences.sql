{{ published_view() }}
with newest as (
    select max(activity_date) as activity_date
    from {{ ref('fct_openness_daily') }}
),

days as (
    select
        cells.activity_date,
        cells.scope_id,
        cells.scope,
        cells.licence_class,
        sum(cells.models) as models,
        sum(cells.downloads_30d) as downloads_30d,
        sum(cells.share_models) as share_models,
        sum(cells.share_downloads_30d) as share_of_downloads
    from {{ ref('fct_openness_daily') }} as cells
    inner join newest
        on
            cells.activity_date = newest.activity_date
            or cells.activity_date = {{ days_after('newest.activity_date', -28) }}
    group by cells.activity_date, cells.scope_id, cells.scope, cells.licence_class
)

select
    days.licence_class,
    days.activity_date as as_of,
    {{ whole_number('days.models') }} as models,
    {{ whole_number('days.downloads_30d') }} as downloads_30d,
    days.share_models,
    days.share_of_downloads,
    days.share_of_downloads - before.share_of_downloads as change_28d,
    case
        when before.activity_date is null
            then 'no snapshot of the same scope 28 days before, so how it moves is not known'
        when days.licence_class = 'L0' then 'no licence that the seeds know: it may be any'
        else 'as the publisher declares it, unchecked'
    end as how_sure
from days
inner join newest
    on days.activity_date = newest.activity_date
left join days as before
    on
        days.activity_date > before.activity_date
        and days.scope_id = before.scope_id
        and days.licence_class = before.licence_class
