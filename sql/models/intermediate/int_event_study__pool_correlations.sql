-- how much the cumulative returns of the pooled events move together: the correlation of their
-- residuals, weighed by the part of their windows that is the same days. Summed by cluster, events
-- of the same days, so that no pair of events is ever formed
{% set pool = ['event_group', 'country', 'model', 'window_start', 'window_end'] %}

with clusters as (
    select
        {% for column in pool %}
            members.{{ column }},
        {% endfor %}
        members.first_session_date,
        members.last_session_date,
        residuals.session_date,
        sum(residuals.unit_residual) as residual
    from {{ ref('int_event_study__pool_members') }} as members
    inner join {{ ref('int_event_study__residuals') }} as residuals
        on
            members.event_id = residuals.event_id
            and members.ticker = residuals.symbol
            and members.model = residuals.model
    where members.is_testable and residuals.is_estimation
    group by
        {% for column in pool %}
            members.{{ column }},
        {% endfor %}
        members.first_session_date, members.last_session_date, residuals.session_date
),

-- the squares of a cluster hold each pair twice and each event, whose own are 1, once
within_clusters as (
    select
        {{ pool | join(',\n        ') }},
        sum(residual * residual) as sum_of_products
    from clusters
    group by
        {{ pool | join(',\n        ') }}
),

between_clusters as (
    select
        {% for column in pool %}
            earlier.{{ column }},
        {% endfor %}
        2 * sum(
            earlier.residual * later.residual
            * (1 + {{ days_between('later.first_session_date', 'earlier.last_session_date') }})
            / (1 + {{ days_between('earlier.first_session_date', 'later.last_session_date') }})
        ) as sum_of_products
    from clusters as earlier
    inner join clusters as later
        on
            {% for column in pool %}
                earlier.{{ column }} = later.{{ column }} and
            {% endfor %}
            earlier.session_date = later.session_date
            and earlier.last_session_date >= later.first_session_date
            and (earlier.first_session_date, earlier.last_session_date)
            < (later.first_session_date, later.last_session_date)
    group by
        {% for column in pool %}
            earlier.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
),

sizes as (
    select
        {{ pool | join(',\n        ') }},
        count(*) as events
    from {{ ref('int_event_study__pool_members') }}
    where is_testable
    group by
        {{ pool | join(',\n        ') }}
)

select
    {% for column in pool %}
        sizes.{{ column }},
    {% endfor %}
    (
        within_clusters.sum_of_products - sizes.events
        + coalesce(between_clusters.sum_of_products, 0)
    ) / (sizes.events * (sizes.events - 1)) as mean_correlation
from sizes
inner join within_clusters
    on
        {% for column in pool %}
            sizes.{{ column }} = within_clusters.{{ column }}{{ ' and' if not loop.last }}
        {% endfor %}
left join between_clusters
    on
        {% for column in pool %}
            sizes.{{ column }} = between_clusters.{{ column }}{{ ' and' if not loop.last }}
        {% endfor %}
where sizes.events > 1
