{# A placebo p cannot be less than its floor: where that times the tests is beyond the level, the
   placebos cannot confirm a test of the story, and only refuse it as they would alone. #}
{% set mute = 'placebo_floor * tests > significance' %}
-- what the tests of one story come to: an event of it is one test, in the primary window
with tests as (
    select
        listings.story,
        results.symbol,
        results.model,
        results.event_id,
        results.session_date,
        results.car,
        results.scar,
        results.price_vintage,
        results.reason,
        judged.scar_p,
        judged.placebo_p,
        judged.placebo_n,
        judged.placebo_floor,
        judged.significance,
        count(judged.event_id) over (
            partition by listings.story, results.symbol, results.model
        ) as tests
    from {{ ref('int_event_study__results') }} as results
    inner join {{ ref('int_events__listings') }} as listings
        on
            results.event_id = listings.event_id
            and results.symbol = listings.symbol
    inner join {{ source('seeds', 'event_windows') }} as windows
        on
            results.event_window = windows.event_window
            and windows.is_primary
    left join {{ ref('int_event_study__judged') }} as judged
        on
            results.event_id = judged.event_id
            and results.symbol = judged.symbol
            and results.model = judged.model
            and results.event_window = judged.event_window
    where results.is_primary_listing
),

-- |SCAR| and placebos must agree on a test, so its p is the larger of theirs
weighed as (
    select
        story,
        symbol,
        model,
        event_id,
        session_date,
        car,
        scar,
        price_vintage,
        reason,
        placebo_p,
        placebo_n,
        tests,
        significance,
        {{ mute }} as is_placebo_mute,
        case
            when {{ mute }} and (placebo_floor > significance or placebo_p <= significance)
                then scar_p
            else greatest(scar_p, placebo_p)
        end as test_p
    from tests
),

-- one row is told: the test with the least p, and where none was made the first event
ranked as (
    select
        story,
        symbol,
        model,
        event_id,
        session_date,
        car,
        scar,
        price_vintage,
        reason,
        placebo_p,
        placebo_n,
        tests,
        significance,
        is_placebo_mute,
        test_p,
        row_number() over (
            partition by story, symbol, model
            order by test_p asc nulls last, abs(scar) desc, session_date asc, event_id asc
        ) as place
    from weighed
)

-- Holm's first step: the least p of a story times its tests; the later steps cannot be less
select
    story,
    symbol,
    model,
    event_id,
    session_date,
    car,
    scar,
    placebo_p,
    placebo_n,
    tests,
    is_placebo_mute,
    price_vintage,
    reason,
    test_p as p_alone,
    case when test_p is not null then least(1.0, test_p * tests) end as p_adjusted,
    case
        when test_p is null then null
        when test_p * tests <= significance then 2
        when test_p <= significance then 1
        else 0
    end as strength,
    case
        when test_p is null then 'not testable'
        when test_p * tests <= significance then 'distinguishable'
        else 'not distinguishable'
    end as verdict
from ranked
where place = 1
