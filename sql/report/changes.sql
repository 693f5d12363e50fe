-- The newest day against the last known day before it
with known_days as (
    select distinct activity_date
    from fct_country_adoption_daily
    order by activity_date desc
    limit 2
),

newest as (
    select
        max(activity_date) as today,
        case when count(*) = 2 then min(activity_date) end as yesterday
    from known_days
),

totals as (
    select
        adoption.activity_date = newest.today as is_today,
        sum(adoption.net_1d) as net_1d,
        sum(adoption.models) as models,
        sum(adoption.new_models) as new_models
    from fct_country_adoption_daily as adoption
    inner join newest on adoption.activity_date in (newest.yesterday, newest.today)
    where adoption.country_of = 'publisher'
    group by adoption.activity_date, newest.today
),

ranked as (
    select
        growth.hub_id,
        growth.repo_id,
        max(growth.rank_downloads_30d) filter (where growth.activity_date = newest.yesterday)
            as was,
        max(growth.rank_downloads_30d) filter (where growth.activity_date = newest.today) as now
    from fct_model_growth_daily as growth
    inner join newest on growth.activity_date in (newest.yesterday, newest.today)
    group by growth.hub_id, growth.repo_id
),

climbers as (
    select
        ranked.repo_id,
        ranked.was,
        ranked.now
    from ranked
    where ranked.now <= 100 and ranked.was > ranked.now
    order by ranked.was - ranked.now desc, ranked.now asc
    limit 5
),

milestones as (
    select
        families.name,
        milestones.milestone,
        string_agg(milestones.definition, ', ' order by milestones.definition) as definitions
    from fct_family_milestones as milestones
    inner join families on milestones.family = families.family
    inner join newest on milestones.reached_by = newest.today
    where milestones.is_event
    group by families.name, milestones.milestone
),

changed as (
    select
        changes.attribute,
        count(*) as models,
        max_by(changes.repo_id, coalesce(changes.downloads_30d, 0)) as repo_id,
        max_by(
            changes.from_value || ' → ' || changes.to_value, coalesce(changes.downloads_30d, 0)
        ) as change
    from fct_openness_changes as changes
    inner join newest on changes.first_seen_date = newest.today + 1
    where changes.attribute in ('licence', 'gating')
    group by changes.attribute
),

facts as (
    select
        1 as position,
        'downloads' as what,
        max(net_1d) filter (where not is_today) as was,
        max(net_1d) filter (where is_today) as now
    from totals
    union all by name
    select
        2 as position,
        'models listed' as what,
        max(models) filter (where not is_today) as was,
        max(models) filter (where is_today) as now
    from totals
    union all by name
    select
        3 as position,
        'new models' as what,
        max(new_models) filter (where not is_today) as was,
        max(new_models) filter (where is_today) as now
    from totals
    union all by name
    select
        4 as position,
        'milestone' as what,
        name as subject,
        milestone as now,
        definitions as detail
    from milestones
    union all by name
    select
        5 as position,
        'rank' as what,
        repo_id as subject,
        was,
        now
    from climbers
    union all by name
    select
        6 as position,
        attribute as what,
        repo_id as subject,
        models as now,
        change as detail
    from changed
    union all by name
    select
        7 as position,
        'day' as what,
        cast(days.snapshot_date as varchar) as subject,
        days.status || coalesce(': ' || days.reason, '') as detail
    from fct_snapshot_days as days
    inner join newest on days.snapshot_date = newest.today + 1
)

select
    newest.today as activity_date,
    newest.yesterday as previous_date,
    facts.what,
    facts.subject,
    facts.was,
    facts.now,
    facts.detail
from facts
cross join newest
order by facts.position asc, facts.was - facts.now desc, facts.subject asc;
