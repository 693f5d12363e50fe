-- Abnormal returns of the sessions around each event, with their standard errors
select
    event_id,
    ticker,
    model,
    session_date,
    relative_session,
    abnormal_return,
    standard_error
from fct_abnormal_returns
where relative_session between -5 and 5
order by event_id, ticker, model, relative_session;
