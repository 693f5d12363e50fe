with sessions as (
    select
        exchange,
        session_date,
        close_at,
        previous_close_at
    from {{ ref('int_sessions__numbered') }}
),

headlines as (
    select
        headlines.event_id,
        coalesce(headlines.story, headlines.event_id) as story,
        headlines.kind,
        headlines.company,
        cast(null as string) as family,
        headlines.event_date,
        headlines.event_time,
        headlines.time_zone,
        {{ utc_of(
            "cast(headlines.event_date || ' ' || coalesce(headlines.event_time, "
            ~ "thresholds.unknown_time_hour || ':00') || ':00' as timestamp)",
            'headlines.time_zone'
        ) }} as event_at,
        headlines.event_time is not null as is_time_known,
        headlines.claim,
        cast(null as string) as untestable_reason,
        headlines.source
    from {{ source('seeds', 'headline_events') }} as headlines
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
),

-- the count of a day is complete at its end, so no session of that day can have known it
milestones as (
    select
        milestones.family || '-' || {{ whole_part('milestones.milestone', 1000000) }} || 'm'
            as event_id,
        kinds.kind,
        families.company,
        milestones.family,
        milestones.reached_by as event_date,
        cast(null as string) as event_time,
        'UTC' as time_zone,
        cast({{ days_after('milestones.reached_by', 1) }} as timestamp) as event_at,
        not milestones.is_interpolated as is_time_known,
        'Our own count: ' || milestones.family || ' passed '
        || {{ whole_part('milestones.milestone', 1000000) }}
        || ' million requests by the definition ' || milestones.definition as claim,
        case
            when milestones.is_by_scope_change
                then 'passed by models that entered the listing, not by requests'
            when milestones.is_interpolated
                then
                    'the day is not known: passed after ' || milestones.reached_after
                    || ' and by ' || milestones.reached_by
        end as untestable_reason,
        'fct_family_milestones' as source
    from {{ ref('int_families__milestones') }} as milestones
    inner join {{ source('seeds', 'event_kinds') }} as kinds
        on
            milestones.definition = kinds.definition
            and kinds.kind = 'milestone'
    left join {{ source('seeds', 'families') }} as families
        on milestones.family = families.family
    where milestones.is_event
),

releases_by_session as (
    select
        releases.repo_id,
        releases.company,
        releases.family,
        releases.event_at,
        releases.is_day_known,
        releases.likes,
        releases.first_seen_date,
        listings.symbol,
        coalesce(sessions.session_date, cast(releases.event_at as date)) as session_date
    from {{ ref('int_events__releases') }} as releases
    inner join {{ ref('int_companies__listings') }} as listings
        on
            releases.company = listings.company
            and listings.is_primary_listing
    left join sessions
        on
            listings.exchange = sessions.exchange
            and releases.event_at >= sessions.previous_close_at
            and releases.event_at < sessions.close_at
),

releases as (
    select
        'release-' || symbol || '-' || session_date as event_id,
        'open_release' as kind,
        company,
        {{ value_at_greatest('family', 'likes') }} as family,
        cast(min(event_at) as date) as event_date,
        {{ clock_of('min(event_at)') }} as event_time,
        'UTC' as time_zone,
        min(event_at) as event_at,
        bool_and(is_day_known) as is_time_known,
        'Open weights first seen: ' || {{ value_at_greatest('repo_id', 'likes') }}
        || case when count(*) > 1 then ' and ' || (count(*) - 1) || ' more' else '' end as claim,
        case
            when not bool_and(is_day_known)
                then
                    'the day is not known: first seen on ' || min(first_seen_date)
                    || ' after a day without a snapshot'
        end as untestable_reason,
        'int_events__releases' as source
    from releases_by_session
    group by company, symbol, session_date
),

-- what nobody told is a story of its own; `qwen-700m` is what is told of that milestone
events as (
    select
        event_id,
        story,
        kind,
        company,
        family,
        event_date,
        event_time,
        time_zone,
        event_at,
        is_time_known,
        claim,
        untestable_reason,
        source
    from headlines
    union all
    select
        event_id,
        'milestone-' || event_id as story,
        kind,
        company,
        family,
        event_date,
        event_time,
        time_zone,
        event_at,
        is_time_known,
        claim,
        untestable_reason,
        source
    from milestones
    union all
    select
        event_id,
        event_id as story,
        kind,
        company,
        family,
        event_date,
        event_time,
        time_zone,
        event_at,
        is_time_known,
        claim,
        untestable_reason,
        source
    from releases
)

select
    events.event_id,
    events.story,
    events.kind,
    kinds.event_group,
    kinds.is_decisive,
    events.company,
    events.family,
    events.event_date,
    events.event_time,
    events.time_zone,
    events.event_at,
    events.is_time_known,
    events.claim,
    listings.symbol as primary_symbol,
    xnys_sessions.session_date as xnys_session_date,
    xhkg_sessions.session_date as xhkg_session_date,
    case
        when listings.symbol is null
            then coalesce(events.company, 'its maker') || ' has no share in the seed companies'
        else events.untestable_reason
    end as untestable_reason,
    events.source
from events
inner join {{ source('seeds', 'event_kinds') }} as kinds
    on events.kind = kinds.kind
left join {{ ref('int_companies__listings') }} as listings
    on
        events.company = listings.company
        and listings.is_primary_listing
{% for exchange in ['xnys', 'xhkg'] %}
    left join sessions as {{ exchange }}_sessions
        on
            {{ exchange }}_sessions.exchange = '{{ exchange | upper }}'
            and events.event_at >= {{ exchange }}_sessions.previous_close_at
            and events.event_at < {{ exchange }}_sessions.close_at
{% endfor %}
