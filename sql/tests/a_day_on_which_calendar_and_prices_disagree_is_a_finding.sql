{{ config(severity='warn') }}
-- about the calendar, not about the shares: none of them lacks a bar that day, or all have one
select
    exchange,
    session_date,
    finding
from {{ ref('int_sessions__evidence') }}
where finding is not null
