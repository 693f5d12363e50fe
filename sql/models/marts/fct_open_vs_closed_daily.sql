with tokens as (
    select
        share_date as activity_date,
        'tokens' as channel,
        cast(segment_tokens as double) as open_value,
        cast(known_tokens - segment_tokens as double) as closed_value,
        point as value,
        lower_bound,
        upper_bound,
        as_of as vintage,
        reason
    from {{ ref('fct_token_share_daily') }}
    where
        segment_kind = 'openness'
        and segment = 'open'
        and includes_free
),

releases as (
    select
        activity_date,
        max(as_of) as vintage,
        cast(sum(releases_window) filter (where api_class = 'open') as double) as open_value,
        cast(sum(releases_window) filter (where api_class = 'closed') as double) as closed_value,
        cast(sum(releases_window) as double) as total_value
    from {{ ref('fct_catalogue_daily') }}
    group by activity_date
),

-- open: everybody may take the weights and use them commercially; closed: no weights for everybody,
-- or not for commerce; anything that is not known of either counts for neither
weights as (
    select
        cells.activity_date,
        max(snapshots.captured_at) as vintage,
        cast(sum(cells.downloads_30d) filter (
            where cells.access_class in ('A2', 'A3') and cells.licence_class in ('L2', 'L3', 'L4')
        ) as double) as open_value,
        cast(sum(cells.downloads_30d) filter (
            where cells.access_class in ('A0', 'A1') or cells.licence_class = 'L1'
        ) as double) as closed_value,
        cast(sum(cells.downloads_30d) as double) as total_value
    from {{ ref('fct_openness_daily') }} as cells
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on cells.snapshot_date = snapshots.snapshot_date
    group by cells.activity_date
),

counted as (
    select
        activity_date,
        'catalogue' as channel,
        vintage,
        open_value,
        closed_value,
        total_value
    from releases
    union all
    select
        activity_date,
        'hub_weights' as channel,
        vintage,
        coalesce(open_value, 0) as open_value,
        coalesce(closed_value, 0) as closed_value,
        total_value
    from weights
),

covered as (
    select
        counted.activity_date,
        counted.channel,
        counted.vintage,
        counted.open_value,
        counted.closed_value,
        counted.total_value,
        (counted.open_value + counted.closed_value) / nullif(counted.total_value, 0) as coverage,
        thresholds.min_coverage as least_coverage
    from counted
    cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
),

-- days of the archive know no gating: nearly all is unknown, and a point of the rest would mislead
shares as (
    select
        activity_date,
        channel,
        open_value,
        closed_value,
        case
            when coverage >= least_coverage
                then open_value / nullif(open_value + closed_value, 0)
        end as value,
        open_value / nullif(total_value, 0) as lower_bound,
        (total_value - closed_value) / nullif(total_value, 0) as upper_bound,
        vintage,
        case
            when total_value = 0 then 'nothing was counted'
            when coverage < least_coverage
                then
                    'no point: only ' || {{ percent('coverage') }}
                    || ' is known to be open or closed'
        end as reason
    from covered
),

bounds as (
    select
        min(activity_date) as first_day,
        max(activity_date) as last_day
    from (
        select activity_date from tokens
        union all
        select activity_date from shares
        union all
        select {{ days_after('week_start', 6) }} as activity_date
        from {{ ref('int_channels__sdk_weekly') }}
    )
),

days as (
    select {{ each_day('first_day', 'last_day') }} as activity_date
    from bounds
),

-- the last week that was over by the end of the day
installs as (
    select
        days.activity_date,
        'sdk_installs' as channel,
        weeks.open_value,
        weeks.closed_value,
        weeks.value,
        weeks.lower_bound,
        weeks.upper_bound,
        weeks.vintage,
        cast(null as string) as reason
    from days
    inner join {{ ref('int_channels__sdk_weekly') }} as weeks
        on
            weeks.week_start
            = {{ days_after(week_start(days_after('days.activity_date', 1)), -7) }}
),

measured as (
    select
        activity_date,
        channel,
        open_value,
        closed_value,
        value,
        lower_bound,
        upper_bound,
        vintage,
        reason
    from tokens
    union all
    select
        activity_date,
        channel,
        open_value,
        closed_value,
        value,
        lower_bound,
        upper_bound,
        vintage,
        reason
    from shares
    union all
    select
        activity_date,
        channel,
        open_value,
        closed_value,
        value,
        lower_bound,
        upper_bound,
        vintage,
        reason
    from installs
),

-- what each channel counts, and over how many days
channels as (
    select
        labels.channel,
        labels.unit,
        case labels.channel
            when 'tokens' then {{ whole_number('thresholds.token_window_days', 'integer') }}
            when 'sdk_installs' then 7
            when 'catalogue' then {{ whole_number('thresholds.catalogue_window_days', 'integer') }}
            when 'hub_weights' then {{ whole_number('thresholds.hub_window_days', 'integer') }}
        end as window_days,
        labels.absence
    from {{ ref('stg_seeds__share_thresholds') }} as thresholds
    cross join (
        values
        ('tokens', 'tokens', 'no tokens were asked for'),
        (
            'sdk_installs', 'index of weekly installs, base week = 100',
            'no week before has every package complete'
        ),
        ('catalogue', 'models released', 'no snapshot of the catalogue'),
        ('hub_weights', 'requests', 'no accepted snapshot of the Hub')
    ) as labels (channel, unit, absence)
),

sources as (
    select
        case data_source
            when 'openrouter_tokens' then 'tokens'
            when 'models_dev_catalogue' then 'catalogue'
            when 'hub' then 'hub_weights'
            else 'sdk_installs'
        end as channel,
        data_source,
        name,
        licence,
        attribution
    from {{ source('seeds', 'data_sources') }}
    where data_source <> 'prices'
),

terms as (
    select
        channel,
        {{ joined("coalesce(attribution, 'Source: ' || name || '.')", ' ', 'data_source') }}
            as attribution,
        {{ joined('licence', ', ', 'licence', distinct=true) }} as licence
    from sources
    group by channel
),

failed as (
    select
        {{ days_after('statuses.snapshot_date', -1) }} as activity_date,
        sources.channel,
        {{ joined('statuses.detail', '; ', 'statuses.data_source') }} as detail
    from {{ ref('fct_source_status_daily') }} as statuses
    inner join sources
        on statuses.data_source = sources.data_source
    where not statuses.is_ok
    group by statuses.snapshot_date, sources.channel
),

labelled as (
    select
        channels.channel,
        channels.unit,
        channels.absence,
        channels.window_days,
        terms.attribution,
        terms.licence
    from channels
    left join terms
        on channels.channel = terms.channel
)

select
    days.activity_date,
    labelled.channel,
    measured.open_value,
    measured.closed_value,
    case when labelled.channel = 'sdk_installs' then 'index' else 'share' end as measure,
    measured.value,
    measured.lower_bound,
    measured.upper_bound,
    labelled.unit,
    labelled.window_days,
    case
        when measured.channel is null
            then labelled.absence || coalesce(': ' || failed.detail, '')
        else measured.reason
    end as reason,
    measured.vintage,
    {{ cited('labelled.attribution', 'measured.vintage') }} as source,
    labelled.licence
from days
cross join labelled
left join measured
    on
        days.activity_date = measured.activity_date
        and labelled.channel = measured.channel
left join failed
    on
        days.activity_date = failed.activity_date
        and labelled.channel = failed.channel
order by days.activity_date, labelled.channel
