{{ built_by_day(
    seeds=['growth_thresholds', 'counting_rule_changes'], judged=true, in_parts=true
) }}

-- how many days before the day itself the windows of the figures end
{% set window_ends = [7, 14, 28, 30, 56, 60, 90, 180] %}
{% set least_base = 'thresholds.min_base_model' %}
{% set longest_window = 180 %}
{# a day in a gap is a seventh of a week, and at most a thirtieth of a longer window #}
{% set longest_flagged = 28 %}

with snapshots as (
    select
        snapshots.snapshot_date,
        snapshots.activity_date,
        snapshots.scope_id,
        snapshots.captured_at,
        judged.is_counted
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where judged.usable
),

first_snapshot as (
    select
        snapshot_date,
        captured_at
    from snapshots
    where
        snapshot_date = (
            select min(earliest.snapshot_date)
            from snapshots as earliest
            where earliest.is_counted
        )
),

new_snapshots as (
    select
        snapshot_date,
        activity_date,
        scope_id
    from snapshots
    where snapshot_date {{ days_to_build() }}
),

week_ago_snapshots as (
    select week_ago.snapshot_date
    from new_snapshots
    inner join snapshots as week_ago
        on {{ days_after('new_snapshots.snapshot_date', -7) }} = week_ago.snapshot_date
),

needed_snapshots as (
    select snapshot_date
    from new_snapshots
    union
    select snapshot_date
    from week_ago_snapshots
),

-- of a census only the models that the daily marts show
shown as (
    select
        detailed.snapshot_date,
        detailed.model_key
    from {{ ref('int_models__detailed') }} as detailed
    inner join new_snapshots
        on detailed.snapshot_date = new_snapshots.snapshot_date
),

shown_models as (
    select distinct model_key
    from shown
),

-- the rank among all that are listed, from the few thousand different counts
ranks as (
    select
        counters.snapshot_date,
        counters.downloads_30d,
        sum(count(*)) over (
            partition by counters.snapshot_date order by counters.downloads_30d desc
        ) - count(*) + 1 as size_rank
    from {{ ref('stg_hub__counters') }} as counters
    inner join needed_snapshots
        on counters.snapshot_date = needed_snapshots.snapshot_date
    where counters.downloads_30d is not null
    group by counters.snapshot_date, counters.downloads_30d
),

ranked as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time,
        counters.likes,
        {{ whole_number('ranks.size_rank') }} as rank_downloads_30d
    from {{ ref('stg_hub__counters') }} as counters
    inner join needed_snapshots
        on counters.snapshot_date = needed_snapshots.snapshot_date
    inner join shown_models
        on counters.model_key = shown_models.model_key
    left join ranks
        on
            counters.snapshot_date = ranks.snapshot_date
            and counters.downloads_30d = ranks.downloads_30d
),

compared as (
    select
        new_snapshots.snapshot_date,
        new_snapshots.activity_date,
        today.model_key,
        today.downloads_30d,
        today.downloads_all_time,
        today.likes,
        today.rank_downloads_30d,
        today.downloads_30d - week_ago.downloads_30d as downloads_30d_change_7d,
        today.likes - week_ago.likes as likes_change_7d,
        case
            when new_snapshots.scope_id = week_ago_snapshot.scope_id
                then week_ago.rank_downloads_30d - today.rank_downloads_30d
        end as rank_change_7d
    from new_snapshots
    inner join ranked as today
        on new_snapshots.snapshot_date = today.snapshot_date
    inner join shown
        on
            today.snapshot_date = shown.snapshot_date
            and today.model_key = shown.model_key
    left join snapshots as week_ago_snapshot
        on
            {{ days_after('new_snapshots.snapshot_date', -7) }}
            = week_ago_snapshot.snapshot_date
    left join ranked as week_ago
        on
            week_ago_snapshot.snapshot_date = week_ago.snapshot_date
            and today.model_key = week_ago.model_key
),

wanted_days as (
    {% for days in window_ends %}
        select
            snapshot_date,
            {{ days }} as days_back,
            {{ days_after('activity_date', -days) }} as activity_date
        from new_snapshots
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

-- at a snapshot the counter itself, of every model that is shown today; between two snapshots a
-- point of the line between their counters
cumulatives as (
    select
        {{ days_after('counters.snapshot_date', -1) }} as activity_date,
        counters.model_key,
        cast(counters.downloads_all_time as double) as cumulative,
        0 as days_to_observation
    from {{ ref('stg_hub__counters') }} as counters
    inner join snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    inner join shown_models
        on counters.model_key = shown_models.model_key
    where
        snapshots.is_counted
        and counters.downloads_all_time is not null
        and counters.snapshot_date in (
            select {{ days_after('wanted_days.activity_date', 1) }} from wanted_days
        )
    union all
    select
        downloads.activity_date,
        downloads.model_key,
        downloads.cumulative,
        downloads.days_to_observation
    from {{ ref('int_model_downloads__daily') }} as downloads
    inner join shown_models
        on downloads.model_key = shown_models.model_key
    where downloads.activity_date in (select wanted_days.activity_date from wanted_days)
),

-- a difference of two counters is the sum of the days between, however many they are
window_starts as (
    select
        wanted_days.snapshot_date,
        cumulatives.model_key,
        {% for days in window_ends %}
            max(case when wanted_days.days_back = {{ days }} then cumulatives.cumulative end)
                as cumulative_{{ days }},
        {% endfor %}
        max(
            case
                when wanted_days.days_back <= {{ longest_flagged }}
                    then cumulatives.days_to_observation
            end
        ) > 0 as is_edge_interpolated
    from wanted_days
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
    inner join cumulatives
        on wanted_days.activity_date = cumulatives.activity_date
    where cumulatives.days_to_observation <= thresholds.max_edge_distance_days
    group by wanted_days.snapshot_date, cumulatives.model_key
),

last_days as (
    select
        new_snapshots.snapshot_date,
        downloads.model_key,
        downloads.net as net_1d,
        downloads.is_interpolated
    from new_snapshots
    inner join {{ ref('int_model_downloads__daily') }} as downloads
        on
            new_snapshots.snapshot_date = downloads.observed_date
            and new_snapshots.activity_date = downloads.activity_date
),

models as (
    select
        models.model_key,
        first_snapshot.snapshot_date as first_date,
        case
            when models.created_at > first_snapshot.captured_at
                then
                    greatest(
                        first_snapshot.snapshot_date,
                        {{ days_after('cast(models.created_at as date)', -1) }}
                    )
        end as birth_date
    from {{ ref('stg_hub__models') }} as models
    left join first_snapshot
        on true
),

-- a rule known to the month may have come on any day of it
rules as (
    select
        applies_to,
        case
            when date_precision = 'month' then {{ month_start('effective_date') }}
            else effective_date
        end as first_date,
        case
            when date_precision = 'month' then {{ month_end('effective_date') }}
            else effective_date
        end as last_date
    from {{ source('seeds', 'counting_rule_changes') }}
    where applies_to_kind = 'library'
),

recent_rules as (
    select
        new_snapshots.snapshot_date,
        rules.applies_to,
        max(rules.last_date) as rule_date
    from new_snapshots
    inner join rules
        on
            new_snapshots.activity_date >= rules.first_date
            and {{ days_after('new_snapshots.activity_date', -longest_window) }} < rules.last_date
    group by new_snapshots.snapshot_date, rules.applies_to
),

ruled as (
    select
        recent_rules.snapshot_date,
        cards.model_key,
        max(recent_rules.rule_date) as rule_date
    from recent_rules
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            {{ holds_on('cards', 'recent_rules.snapshot_date') }}
            and (
                recent_rules.applies_to = cards.library_name
                or array_contains(cards.tags, recent_rules.applies_to)
            )
    group by recent_rules.snapshot_date, cards.model_key
),

-- before its birth in our view a model had 0 downloads; before its first sight an older one had an
-- unknown number
counted as (
    select
        compared.activity_date,
        compared.snapshot_date,
        compared.model_key,
        compared.downloads_30d,
        compared.downloads_all_time,
        compared.likes,
        compared.rank_downloads_30d,
        compared.downloads_30d_change_7d,
        compared.likes_change_7d,
        compared.rank_change_7d,
        cast(compared.downloads_all_time as double) as cumulative_0,
        {% for days in window_ends %}
            coalesce(
                window_starts.cumulative_{{ days }},
                case
                    when
                        {{ days_after('compared.snapshot_date', -days) }}
                        between models.first_date and models.birth_date
                        then 0
                end
            ) as cumulative_{{ days }},
        {% endfor %}
        last_days.net_1d,
        coalesce(last_days.is_interpolated, false) as is_interpolated,
        coalesce(window_starts.is_edge_interpolated, false) as is_edge_interpolated
    from compared
    inner join models
        on compared.model_key = models.model_key
    left join window_starts
        on
            compared.snapshot_date = window_starts.snapshot_date
            and compared.model_key = window_starts.model_key
    left join last_days
        on
            compared.snapshot_date = last_days.snapshot_date
            and compared.model_key = last_days.model_key
),

flows as (
    select
        counted.activity_date,
        counted.snapshot_date,
        counted.model_key,
        counted.downloads_30d,
        counted.downloads_all_time,
        counted.likes,
        counted.rank_downloads_30d,
        counted.downloads_30d_change_7d,
        counted.likes_change_7d,
        counted.rank_change_7d,
        counted.net_1d,
        counted.is_interpolated,
        counted.is_edge_interpolated,
        counted.cumulative_0 - counted.cumulative_7 as net_7d,
        counted.cumulative_7 - counted.cumulative_14 as net_7d_before,
        counted.cumulative_7 - counted.cumulative_28 as net_21d_before,
        counted.cumulative_0 - counted.cumulative_28 as net_28d,
        counted.cumulative_28 - counted.cumulative_56 as net_28d_before,
        counted.cumulative_0 - counted.cumulative_30 as net_30d,
        counted.cumulative_30 - counted.cumulative_60 as net_30d_before,
        counted.cumulative_0 - counted.cumulative_90 as net_90d,
        counted.cumulative_90 - counted.cumulative_180 as net_90d_before,
        ruled.rule_date,
        coalesce({{ days_between('ruled.rule_date', 'counted.activity_date') }} + 1, 10000)
            as days_since_rule
    from counted
    left join ruled
        on
            counted.snapshot_date = ruled.snapshot_date
            and counted.model_key = ruled.model_key
),

rates as (
    select
        flows.activity_date,
        flows.snapshot_date,
        flows.model_key,
        flows.downloads_30d,
        flows.downloads_all_time,
        flows.net_1d,
        flows.net_7d,
        flows.net_7d_before,
        flows.net_21d_before,
        flows.net_28d,
        flows.net_28d_before,
        flows.net_30d,
        flows.net_30d_before,
        flows.net_90d,
        flows.net_90d_before,
        case
            when flows.days_since_rule >= 28
                then {{ growth_over('flows.net_7d', 'flows.net_21d_before / 3', least_base) }}
        end as growth_7d_vs_prior_21d,
        case
            when flows.days_since_rule >= 14
                then {{ growth_over('flows.net_7d', 'flows.net_7d_before', least_base) }}
        end as growth_wow,
        case
            when flows.days_since_rule >= 60
                then {{ growth_over('flows.net_30d', 'flows.net_30d_before', least_base) }}
        end as growth_30d,
        case
            when flows.days_since_rule >= 180
                then {{ growth_over('flows.net_90d', 'flows.net_90d_before', least_base) }}
        end as growth_90d,
        case
            when
                flows.days_since_rule >= 56
                and flows.net_28d_before >= {{ least_base }}
                and flows.net_28d > 0
                then ln(flows.net_28d / flows.net_28d_before) / 28
        end as log_growth_28d,
        flows.downloads_30d_change_7d,
        flows.likes,
        flows.likes_change_7d,
        flows.rank_downloads_30d,
        flows.rank_change_7d,
        flows.rule_date,
        flows.is_edge_interpolated,
        flows.is_interpolated
    from flows
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
)

select
    rates.activity_date,
    rates.snapshot_date,
    rates.model_key,
    rates.downloads_30d,
    rates.downloads_all_time,
    rates.net_1d,
    rates.net_7d,
    rates.net_7d_before,
    rates.net_21d_before,
    rates.net_28d,
    rates.net_28d_before,
    rates.net_30d,
    rates.net_30d_before,
    rates.net_90d,
    rates.net_90d_before,
    rates.growth_7d_vs_prior_21d,
    rates.growth_wow,
    rates.growth_30d,
    rates.growth_90d,
    rates.log_growth_28d,
    case when rates.log_growth_28d > 0 then ln(2) / rates.log_growth_28d end as doubling_days,
    rates.downloads_30d_change_7d,
    rates.likes,
    rates.likes_change_7d,
    rates.rank_downloads_30d,
    rates.rank_change_7d,
    rates.rule_date as counting_rule_date,
    rates.is_edge_interpolated,
    rates.is_interpolated
from rates
order by rates.activity_date, rates.model_key
