{{ published_view() }}
select
    growth.activity_date,
    growth.snapshot_date,
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    growth.downloads_30d,
    growth.downloads_all_time,
    growth.net_1d,
    growth.net_7d,
    growth.net_7d_before,
    growth.net_21d_before,
    growth.net_28d,
    growth.net_28d_before,
    growth.net_30d,
    growth.net_30d_before,
    growth.net_90d,
    growth.net_90d_before,
    growth.growth_7d_vs_prior_21d,
    growth.growth_wow,
    growth.growth_30d,
    growth.growth_90d,
    growth.log_growth_28d,
    growth.doubling_days,
    growth.downloads_30d_change_7d,
    growth.likes,
    growth.likes_change_7d,
    growth.rank_downloads_30d,
    growth.rank_change_7d,
    growth.counting_rule_date,
    growth.is_edge_interpolated,
    growth.is_interpolated
from {{ ref('int_model_growth__daily') }} as growth
inner join {{ ref('stg_hub__models') }} as models
    on growth.model_key = models.model_key
left join {{ ref('stg_hub__cards') }} as cards
    on
        growth.model_key = cards.model_key
        and {{ holds_on('cards', 'growth.snapshot_date') }}
