-- Share of models and of downloads in each named group of openness; the groups overlap
select
    activity_date,
    scope_id,
    relations,
    openness_group,
    share_downloads_30d,
    share_net_1d,
    share_models,
    share_downloads_30d_change_28d
from fct_openness_groups_daily
union all
select
    activity_date,
    scope_id,
    population as relations,
    subject as openness_group,
    max(share) filter (where measure = 'downloads_30d') as share_downloads_30d,
    max(share) filter (where measure = 'net_1d') as share_net_1d,
    max(share) filter (where measure = 'models') as share_models,
    null as share_downloads_30d_change_28d
from fct_share_composition_daily
where share_of = 'openness' and population = 'language_models'
group by activity_date, scope_id, population, subject
order by relations, openness_group, activity_date;
