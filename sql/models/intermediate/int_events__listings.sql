with mapped as (
    select
        events.event_id,
        events.story,
        events.event_group,
        events.is_decisive,
        events.company,
        listings.symbol,
        listings.exchange,
        listings.country,
        listings.is_primary_listing,
        events.untestable_reason,
        case
            when listings.exchange = 'XNYS' then events.xnys_session_date
            when listings.exchange = 'XHKG' then events.xhkg_session_date
        end as session_date
    from {{ ref('int_events__dated') }} as events
    inner join {{ ref('int_companies__listings') }} as listings
        on events.company = listings.company
),

numbered as (
    select
        mapped.event_id,
        mapped.story,
        mapped.event_group,
        mapped.is_decisive,
        mapped.company,
        mapped.symbol,
        mapped.exchange,
        mapped.country,
        mapped.is_primary_listing,
        mapped.untestable_reason,
        mapped.session_date,
        sessions.session_number
    from mapped
    left join {{ ref('int_sessions__numbered') }} as sessions
        on
            mapped.exchange = sessions.exchange
            and mapped.session_date = sessions.session_date
),

-- two events of one story on a session are one test, made of the first in the alphabet
collisions as (
    select
        own_events.event_id,
        own_events.symbol,
        {{ joined(
            'case when own_events.story <> other_events.story then other_events.event_id end', ', ',
            'other_events.event_id'
        ) }} as other_event_ids,
        min(case when own_events.story = other_events.story then other_events.event_id end)
            as tested_event_id
    from numbered as own_events
    inner join numbered as other_events
        on
            own_events.symbol = other_events.symbol
            and own_events.session_number = other_events.session_number
            and own_events.event_id <> other_events.event_id
    where
        case
            when own_events.story = other_events.story
                then other_events.event_id < own_events.event_id
            else other_events.is_decisive or not own_events.is_decisive
        end
    group by own_events.event_id, own_events.symbol
)

select
    numbered.event_id,
    numbered.story,
    numbered.event_group,
    numbered.company,
    numbered.symbol,
    numbered.exchange,
    numbered.country,
    numbered.is_primary_listing,
    numbered.session_date,
    numbered.session_number,
    coalesce(collisions.tested_event_id, numbered.event_id) as tested_event_id,
    case
        when numbered.untestable_reason is not null then numbered.untestable_reason
        when numbered.session_number is null
            then 'no session of ' || numbered.exchange || ' after the event is in the calendar'
        when collisions.other_event_ids is not null
            then
                'on the same session as ' || collisions.other_event_ids
                || ': nothing tells their effects apart'
        when collisions.tested_event_id is not null
            then
                'one test with ' || collisions.tested_event_id
                || ': the same story on the same session'
    end as untestable_reason
from numbered
left join collisions
    on
        numbered.event_id = collisions.event_id
        and numbered.symbol = collisions.symbol
