select
    event_id,
    symbol as ticker,
    model,
    session_date,
    relative_session,
    share_return as log_return,
    expected_return,
    abnormal_return,
    standard_error,
    abnormal_return / standard_error as standardised_abnormal_return,
    sum(abnormal_return) over (
        partition by event_id, symbol, model
        order by relative_session
        rows unbounded preceding
    ) as cumulative_abnormal_return,
    price_vintage
from {{ ref('int_event_study__residuals') }}
where not is_estimation
order by event_id, ticker, model, relative_session
