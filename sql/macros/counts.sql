{#
    Counts of downloads_all_time over time: what was last known of a model, and the interval that each
    new count ends. For every model of the Hub, so nothing here reads more days than it must: the
    newest snapshot of each scope before a day and the departures before it say all that is known.
#}

{# Days whose counts are observations: what a frozen, fallen or cut listing says is none. #}
{% macro counted_days() %}
    select
        snapshots.snapshot_date,
        snapshots.scope_id,
        snapshots.captured_at
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where judged.is_counted
{% endmacro %}

{#
    The CTE `intervals`, one row per count observed on the days of `window` (a condition on a day):
    model_key, observed_date, last_count, start_date, start_count, is_birth, delta, length_days.
    `only` is a CTE of model keys to keep to. A birth starts from 0 at the last snapshot that cannot
    show the model or, when it was created in the night before its first snapshot, at the one before.
#}
{% macro interval_ctes(window, only=none) %}
    counted_days as (
        {{ counted_days() }}
    ),

    first_counted as (
        select
            snapshot_date,
            captured_at
        from counted_days
        where snapshot_date = (select min(earliest.snapshot_date) from counted_days as earliest)
    ),

    window_days as (
        select snapshot_date
        from counted_days
        where snapshot_date {{ window }}
    ),

    window_counts as (
        select
            counters.snapshot_date,
            counters.model_key,
            counters.downloads_all_time
        from {{ ref('stg_hub__counters') }} as counters
        inner join window_days
            on counters.snapshot_date = window_days.snapshot_date
        where
            counters.downloads_all_time is not null
            and counters.snapshot_date {{ window }}
            {% if only %}
                and counters.model_key in (select {{ only }}.model_key from {{ only }})
            {% endif %}
    ),

    {{ earlier_count_ctes(window, only) }},

    followed_counts as (
        {% if builds_one_day() %}
            select
                window_counts.model_key,
                window_counts.snapshot_date as observed_date,
                window_counts.downloads_all_time as last_count,
                earlier_counts.snapshot_date as previous_date,
                earlier_counts.downloads_all_time as previous_count
            from window_counts
            left join earlier_counts
                on window_counts.model_key = earlier_counts.model_key
        {% else %}
            select
                model_key,
                snapshot_date as observed_date,
                downloads_all_time as last_count,
                lag(snapshot_date) over by_model as previous_date,
                lag(downloads_all_time) over by_model as previous_count
            from (
                select
                    snapshot_date,
                    model_key,
                    downloads_all_time
                from window_counts
                union all
                select
                    snapshot_date,
                    model_key,
                    downloads_all_time
                from earlier_counts
            ) as counts
            window by_model as (partition by model_key order by snapshot_date)
        {% endif %}
    ),

    created_in_view as (
        select
            models.model_key,
            cast(models.created_at as date) as created_date,
            first_counted.snapshot_date as first_date
        from {{ ref('stg_hub__models') }} as models
        inner join first_counted
            on models.created_at > first_counted.captured_at
    ),

    born as (
        select
            followed_counts.model_key,
            followed_counts.observed_date,
            followed_counts.last_count,
            followed_counts.previous_date,
            followed_counts.previous_count,
            created_in_view.first_date,
            created_in_view.created_date,
            followed_counts.previous_date is null
            and coalesce(followed_counts.observed_date > created_in_view.first_date, false)
                as is_birth
        from followed_counts
        left join created_in_view
            on followed_counts.model_key = created_in_view.model_key
        where followed_counts.observed_date {{ window }}
    ),

    started as (
        select
            model_key,
            observed_date,
            last_count,
            is_birth,
            case
                when is_birth
                    then
                        least(
                            greatest(first_date, {{ days_after('created_date', -1) }}),
                            {{ days_after('observed_date', -1) }}
                        )
                else previous_date
            end as start_date,
            case when is_birth then 0 else previous_count end as start_count
        from born
    ),

    intervals as (
        select
            model_key,
            observed_date,
            last_count,
            is_birth,
            start_date,
            start_count,
            last_count - start_count as delta,
            coalesce({{ days_between('start_date', 'observed_date') }}, 1) as length_days
        from started
    )
{% endmacro %}

{#
    The CTE `earlier_counts`: snapshot_date, model_key, downloads_all_time of the last count before
    the first day of `window`, one row a model. Nearly all are those of the newest counted snapshot.
#}
{% macro earlier_count_ctes(window, only=none) %}
    window_start as (
        select min(snapshot_date) as snapshot_date
        from {{ ref('stg_hub__snapshots') }}
        where snapshot_date {{ window }}
    ),

    newest_of_scopes as (
        select
            counted_days.scope_id,
            max(counted_days.snapshot_date) as snapshot_date
        from counted_days
        inner join window_start
            on counted_days.snapshot_date < window_start.snapshot_date
        group by counted_days.scope_id
    ),

    newest_of_all as (
        select max(snapshot_date) as snapshot_date
        from newest_of_scopes
    ),

    newest_earlier_counts as (
        select
            counters.snapshot_date,
            counters.model_key,
            counters.downloads_all_time
        from {{ ref('stg_hub__counters') }} as counters
        inner join newest_of_all
            on counters.snapshot_date = newest_of_all.snapshot_date
        where
            counters.downloads_all_time is not null
            {% if only %}
                and counters.model_key in (select {{ only }}.model_key from {{ only }})
            {% endif %}
    ),

    older_earlier_counts as (
        select
            counters.snapshot_date,
            counters.model_key,
            counters.downloads_all_time
        from {{ ref('stg_hub__counters') }} as counters
        inner join newest_of_scopes
            on counters.snapshot_date = newest_of_scopes.snapshot_date
        inner join newest_of_all
            on counters.snapshot_date < newest_of_all.snapshot_date
        where
            counters.downloads_all_time is not null
            {% if only %}
                and counters.model_key in (select {{ only }}.model_key from {{ only }})
            {% endif %}
        union all
        select
            departures.last_date as snapshot_date,
            departures.model_key,
            departures.downloads_all_time
        from {{ ref('int_snapshot_days__departures') }} as departures
        inner join window_start
            on departures.snapshot_date < window_start.snapshot_date
        where
            departures.kind = 'counted'
            {% if only %}
                and departures.model_key in (select {{ only }}.model_key from {{ only }})
            {% endif %}
    ),

    earlier_counts as (
        select
            snapshot_date,
            model_key,
            downloads_all_time
        from newest_earlier_counts
        union all
        select
            max(older_earlier_counts.snapshot_date) as snapshot_date,
            older_earlier_counts.model_key,
            {{ value_at_greatest(
                'older_earlier_counts.downloads_all_time', 'older_earlier_counts.snapshot_date'
            ) }}
                as downloads_all_time
        from older_earlier_counts
        left join newest_earlier_counts
            on older_earlier_counts.model_key = newest_earlier_counts.model_key
        where newest_earlier_counts.model_key is null
        group by older_earlier_counts.model_key
    )
{% endmacro %}
