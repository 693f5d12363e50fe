-- one listing per event; every event counts for its company's country and for all of them
{% set countries = ['country', "'all'"] %}

with members as (
    {% for country in countries %}
        select
            event_group,
            {{ country }} as country,
            model,
            window_start,
            window_end,
            event_id,
            symbol as ticker,
            first_session_date,
            last_session_date,
            degrees_of_freedom,
            car,
            scar,
            reason is null as is_testable
        from {{ ref('int_event_study__results') }}
        where is_primary_listing
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select
    event_group || ' ' || country || ' ' || model || ' ' || window_start || ' ' || window_end
        as pool,
    event_group,
    country,
    model,
    window_start,
    window_end,
    event_id,
    ticker,
    first_session_date,
    last_session_date,
    degrees_of_freedom,
    car,
    scar,
    is_testable
from members
