with packages as (
    select
        week_start,
        basket,
        package,
        installs_index,
        as_of
    from {{ ref('int_sdk_packages__weekly') }}
),

seeded as (
    select count(*) as packages
    from {{ source('seeds', 'sdk_packages') }}
),

sums as (
    select
        week_start,
        max(as_of) as vintage,
        count(installs_index) as complete_packages,
        count(*) filter (where basket = 'open') as open_packages,
        count(*) filter (where basket = 'closed') as closed_packages,
        count(*) filter (where basket = 'both_ways') as both_packages,
        coalesce(sum(ln(installs_index)) filter (where basket = 'open'), 0) as open_logs,
        coalesce(sum(ln(installs_index)) filter (where basket = 'closed'), 0) as closed_logs,
        coalesce(sum(ln(installs_index)) filter (where basket = 'both_ways'), 0) as both_logs
    from packages
    group by week_start
),

-- what works both ways is in neither basket; put into one, then into the other, it gives the bounds
means as (
    select
        sums.week_start,
        sums.vintage,
        sums.open_logs / nullif(sums.open_packages, 0) as open_log,
        sums.closed_logs / nullif(sums.closed_packages, 0) as closed_log,
        (sums.open_logs + sums.both_logs)
        / nullif(sums.open_packages + sums.both_packages, 0) as open_log_with_both,
        (sums.closed_logs + sums.both_logs)
        / nullif(sums.closed_packages + sums.both_packages, 0) as closed_log_with_both
    from sums
    cross join seeded
    where sums.complete_packages = seeded.packages
)

select
    week_start,
    vintage,
    exp(open_log) as open_value,
    exp(closed_log) as closed_value,
    100 * exp(open_log - closed_log) as value,
    100 * exp(
        least(
            open_log - closed_log, open_log_with_both - closed_log, open_log - closed_log_with_both
        )
    ) as lower_bound,
    100 * exp(
        greatest(
            open_log - closed_log, open_log_with_both - closed_log, open_log - closed_log_with_both
        )
    ) as upper_bound
from means
