-- how much the cumulative returns of the pooled events move together: the correlation of their
-- residuals, weighed by the part of their windows that is the same days. Summed by cluster, events
-- of the same days, so that no pair of events is ever formed
with clusters as (
    select
        members.pool,
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
        members.pool, members.first_session_date, members.last_session_date,
        residuals.session_date
),

-- the squares of a cluster hold each pair twice and each event, whose own sum to 1, once
within_clusters as (
    select
        pool,
        sum(residual * residual) as sum_of_products
    from clusters
    group by pool
),

between_clusters as (
    select
        earlier.pool,
        2 * sum(
            earlier.residual
            * later.residual
            * (1 + {{ days_between('later.first_session_date', 'earlier.last_session_date') }})
            / (1 + {{ days_between('earlier.first_session_date', 'later.last_session_date') }})
        ) as sum_of_products
    from clusters as earlier
    inner join clusters as later
        on
            earlier.pool = later.pool
            and earlier.session_date = later.session_date
            and earlier.last_session_date >= later.first_session_date
            and (
                earlier.first_session_date < later.first_session_date
                or (
                    earlier.first_session_date = later.first_session_date
                    and earlier.last_session_date < later.last_session_date
                )
            )
    group by earlier.pool
),

sizes as (
    select
        pool,
        count(*) as events
    from {{ ref('int_event_study__pool_members') }}
    where is_testable
    group by pool
)

-- the order of a sum moves its last digits: what lies below the 12th decimal is rounding
select
    sizes.pool,
    {{ rounded(
        '((within_clusters.sum_of_products - sizes.events'
        ~ ' + coalesce(between_clusters.sum_of_products, 0))'
        ~ ' / (sizes.events * (sizes.events - 1)))', 12
    ) }} as mean_correlation
from sizes
inner join within_clusters
    on sizes.pool = within_clusters.pool
left join between_clusters
    on sizes.pool = between_clusters.pool
where sizes.events > 1
