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
order by relations, openness_group, activity_date;
