select
    exchange,
    session_date,
    open_at,
    close_at,
    {{ whole_number('row_number() over by_exchange') }} as session_number,
    lag(close_at) over by_exchange as previous_close_at,
    lead(session_date, 1, date '9999-12-31') over by_exchange as next_session_date
from {{ ref('int_sessions__evidence') }}
where is_session
window by_exchange as (partition by exchange order by session_date)
