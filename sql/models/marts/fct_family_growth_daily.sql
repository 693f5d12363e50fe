{{ built_by_day(
    seeds=['growth_thresholds', 'counting_rule_changes', 'publishers'], judged=true, in_parts=true
) }}

-- figure, flow, flow before, the days that the base flow stands for, length of both windows
{% set figures = [
    ('growth_7d_vs_prior_21d', 'net_7d', 'net_21d_before', 3, 28),
    ('growth_wow', 'net_7d', 'net_7d_before', 1, 14),
    ('growth_30d', 'net_30d', 'net_30d_before', 1, 60),
    ('growth_90d', 'net_90d', 'net_90d_before', 1, 180),
    ('log_growth', 'net_28d', 'net_28d_before', 1, 56)
] %}

with models as (
    select
        growth.activity_date,
        growth.snapshot_date,
        growth.publisher,
        publishers.family,
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
        growth.downloads_30d,
        growth.is_edge_interpolated,
        coalesce(
            {{ days_between('growth.counting_rule_date', 'growth.activity_date') }} + 1, 10000
        ) as days_since_rule
    from {{ ref('fct_model_growth_daily') }} as growth
    left join {{ source('seeds', 'publishers') }} as publishers
        on growth.publisher = publishers.publisher
    where
        growth.snapshot_date {{ days_to_build() }}
        and growth.publisher is not null
),

{% for kind, name in [('publisher', 'publisher'), ('family', 'family')] %}
    {{ kind }}_sums as (
        select
            activity_date,
            snapshot_date,
            '{{ kind }}' as kind,
            {{ name }} as name,
            count(*) as models,
            {{ whole_number('sum(downloads_30d)') }} as downloads_30d,
            sum(net_1d) as net_1d,
            sum(net_7d) as net_7d,
            sum(net_28d) as net_28d,
            sum(net_30d) as net_30d,
            sum(net_90d) as net_90d,
            {% for figure, flow, base, parts, length in figures %}
                -- only models whose both windows are known: an entry to the listing is no growth
                sum(case when {{ flow }} is not null and {{ base }} is not null then {{ flow }} end)
                    as {{ figure }}_flow,
                sum(case when {{ flow }} is not null then {{ base }} end) / {{ parts }}
                    as {{ figure }}_base,
                sum(
                    case
                        when {{ flow }} is not null and days_since_rule < {{ length }}
                            then {{ base }}
                        else 0
                    end
                ) / {{ parts }} as {{ figure }}_ruled,
            {% endfor %}
            coalesce(sum(case when is_edge_interpolated then downloads_30d end), 0)
                as edge_interpolated_downloads
        from models
        where {{ name }} is not null
        group by activity_date, snapshot_date, {{ name }}
    ),
{% endfor %}

sums as (
    {% for kind in ['publisher', 'family'] %}
        select
            activity_date,
            snapshot_date,
            kind,
            name,
            models,
            downloads_30d,
            net_1d,
            net_7d,
            net_28d,
            net_30d,
            net_90d,
            {% for figure, flow, base, parts, length in figures %}
                {{ figure }}_flow,
                {{ figure }}_base,
                {{ figure }}_ruled,
            {% endfor %}
            edge_interpolated_downloads
        from {{ kind }}_sums
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

rates as (
    select
        sums.activity_date,
        sums.snapshot_date,
        sums.kind,
        sums.name,
        sums.models,
        sums.downloads_30d,
        sums.net_1d,
        sums.net_7d,
        sums.net_28d,
        sums.net_30d,
        sums.net_90d,
        {% for figure, flow, base, parts, length in figures if figure != 'log_growth' %}
            case
                when
                    sums.{{ figure }}_ruled
                    < thresholds.rule_change_min_share * sums.{{ figure }}_base
                    then {{ growth_over(
                        'sums.' ~ figure ~ '_flow', 'sums.' ~ figure ~ '_base',
                        'thresholds.min_base_group'
                    ) }}
            end as {{ figure }},
        {% endfor %}
        case
            when
                sums.log_growth_ruled < thresholds.rule_change_min_share * sums.log_growth_base
                and sums.log_growth_base >= thresholds.min_base_group
                and sums.log_growth_flow > 0
                then ln(sums.log_growth_flow / sums.log_growth_base) / 28
        end as log_growth,
        sums.edge_interpolated_downloads > 0
        and sums.edge_interpolated_downloads
        >= thresholds.edge_interpolated_min_share * sums.downloads_30d as is_edge_interpolated
    from sums
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
)

select
    activity_date,
    snapshot_date,
    kind,
    name,
    models,
    downloads_30d,
    net_1d,
    net_7d,
    net_28d,
    net_30d,
    net_90d,
    growth_7d_vs_prior_21d,
    growth_wow,
    growth_30d,
    growth_90d,
    log_growth,
    case when log_growth > 0 then ln(2) / log_growth end as doubling_days,
    is_edge_interpolated
from rates
order by activity_date, kind, name
