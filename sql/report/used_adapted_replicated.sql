-- Used, adapted, replicated: the twelve most downloaded families by lineage
with by_day as (
    select
        activity_date,
        family,
        downloads_30d,
        adapted,
        replicated,
        sum(new_derivatives) over (
            partition by family
            order by activity_date
            range between interval 27 day preceding and current row
        ) as new_derivatives_28d,
        suspect_models,
        scope_id
    from fct_family_adoption_daily
    where definition = 'lineage'
    qualify activity_date = max(activity_date) over ()
)

select
    by_day.activity_date,
    by_day.family,
    families.name,
    by_day.downloads_30d as used,
    by_day.adapted,
    by_day.replicated,
    by_day.new_derivatives_28d,
    by_day.suspect_models,
    shares.share,
    shares.suspect_share,
    shares.share_without_suspect,
    by_day.scope_id
from by_day
inner join families on by_day.family = families.family
left join fct_share_composition_daily as shares
    on
        by_day.activity_date = shares.activity_date
        and by_day.family = shares.subject
        and shares.share_of = 'family'
        and shares.population = 'all'
        and shares.measure = 'downloads_30d'
order by by_day.downloads_30d desc nulls last
limit 12;
