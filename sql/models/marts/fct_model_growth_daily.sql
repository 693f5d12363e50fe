{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_window('snapshot_date') }}",
    post_hook=["{{ build_later_pieces() }}", "{{ close_window() }}"]
) }}

{% set least_base = var('least_base_of_a_model') %}
-- how many days before the day itself the windows of the figures end
{% set window_ends = [7, 14, 28, 30, 56, 60, 90, 180] %}

with snapshots as (
    select
        snapshot_date,
        activity_date,
        scope_id,
        captured_at
    from {{ ref('stg_hub__snapshots') }}
),

first_snapshot as (
    select
        snapshot_date,
        captured_at
    from snapshots
    where snapshot_date = (select min(earliest.snapshot_date) from snapshots as earliest)
),

new_snapshots as (
    select
        snapshot_date,
        activity_date,
        scope_id
    from snapshots
    where snapshot_date {{ first_piece() }}
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

ranked as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time,
        counters.likes,
        case
            when counters.downloads_30d is not null
                then
                    rank() over (
                        partition by counters.snapshot_date
                        order by counters.downloads_30d desc nulls last
                    )
        end as rank_downloads_30d
    from {{ ref('stg_hub__counters') }} as counters
    inner join needed_snapshots
        on counters.snapshot_date = needed_snapshots.snapshot_date
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
    select
        snapshot_date,
        0 as days_back,
        activity_date
    from new_snapshots
    {% for days in window_ends %}
        union all
        select
            snapshot_date,
            {{ days }} as days_back,
            {{ days_after('activity_date', -days) }} as activity_date
        from new_snapshots
    {% endfor %}
),

-- a difference of two counters is the sum of the days between, however many they are
window_ends as (
    select
        wanted_days.snapshot_date,
        downloads.model_key,
        max(case when wanted_days.days_back = 0 then downloads.net end) as net_1d,
        max(case when wanted_days.days_back = 0 then cast(downloads.is_interpolated as integer) end)
        = 1 as is_interpolated,
        {% for days in window_ends %}
            max(case when wanted_days.days_back = {{ days }} then downloads.cumulative end)
                as cumulative_{{ days }},
        {% endfor %}
        max(downloads.days_to_observation) > 0 as is_edge_interpolated
    from wanted_days
    inner join {{ ref('int_model_downloads__daily') }} as downloads
        on wanted_days.activity_date = downloads.activity_date
    where
        (wanted_days.days_back = 0 and downloads.observed_date = wanted_days.snapshot_date)
        or (wanted_days.days_back > 0 and downloads.days_to_observation <= 1)
    group by wanted_days.snapshot_date, downloads.model_key
),

models as (
    select
        models.model_key,
        models.hub_id,
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
    cross join first_snapshot
),

-- before its birth in our view a model had 0 downloads; before its first sight an older one had an
-- unknown number
counted as (
    select
        compared.activity_date,
        compared.snapshot_date,
        models.hub_id,
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
                window_ends.cumulative_{{ days }},
                case
                    when
                        {{ days_after('compared.snapshot_date', -days) }}
                        between models.first_date and models.birth_date
                        then 0
                end
            ) as cumulative_{{ days }},
        {% endfor %}
        window_ends.net_1d,
        coalesce(window_ends.is_interpolated, false) as is_interpolated,
        coalesce(window_ends.is_edge_interpolated, false) as is_edge_interpolated
    from compared
    inner join models
        on compared.model_key = models.model_key
    left join window_ends
        on
            compared.snapshot_date = window_ends.snapshot_date
            and compared.model_key = window_ends.model_key
),

flows as (
    select
        activity_date,
        snapshot_date,
        hub_id,
        model_key,
        downloads_30d,
        downloads_all_time,
        likes,
        rank_downloads_30d,
        downloads_30d_change_7d,
        likes_change_7d,
        rank_change_7d,
        net_1d,
        is_interpolated,
        is_edge_interpolated,
        cumulative_0 - cumulative_7 as net_7d,
        cumulative_7 - cumulative_14 as net_7d_before,
        cumulative_7 - cumulative_28 as net_21d_before,
        cumulative_0 - cumulative_28 as net_28d,
        cumulative_28 - cumulative_56 as net_28d_before,
        cumulative_0 - cumulative_30 as net_30d,
        cumulative_30 - cumulative_60 as net_30d_before,
        cumulative_0 - cumulative_90 as net_90d,
        cumulative_90 - cumulative_180 as net_90d_before
    from counted
),

rates as (
    select
        activity_date,
        snapshot_date,
        hub_id,
        model_key,
        downloads_30d,
        downloads_all_time,
        net_1d,
        net_7d,
        net_28d,
        {{ growth_over('net_7d', 'net_21d_before / 3', least_base) }} as growth_7d_vs_prior_21d,
        {{ growth_over('net_7d', 'net_7d_before', least_base) }} as growth_wow,
        {{ growth_over('net_30d', 'net_30d_before', least_base) }} as growth_30d,
        {{ growth_over('net_90d', 'net_90d_before', least_base) }} as growth_90d,
        case
            when net_28d_before >= {{ least_base }} and net_28d > 0
                then ln(net_28d / net_28d_before) / 28
        end as log_growth_28d,
        downloads_30d_change_7d,
        likes,
        likes_change_7d,
        rank_downloads_30d,
        rank_change_7d,
        is_edge_interpolated,
        is_interpolated
    from flows
)

select
    rates.activity_date,
    rates.snapshot_date,
    rates.hub_id,
    cards.repo_id,
    cards.publisher,
    rates.downloads_30d,
    rates.downloads_all_time,
    rates.net_1d,
    rates.net_7d,
    rates.net_28d,
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
    rates.is_edge_interpolated,
    rates.is_interpolated
from rates
left join {{ ref('stg_hub__cards') }} as cards
    on
        rates.model_key = cards.model_key
        and rates.snapshot_date >= cards.valid_from
        and (cards.valid_to is null or rates.snapshot_date < cards.valid_to)
order by rates.activity_date, rates.model_key
