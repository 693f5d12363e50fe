-- ranks of the abnormal returns of an event from -0.5 to 0.5, uniform where nothing happened
select
    residuals.event_id,
    residuals.symbol,
    residuals.model,
    residuals.relative_session,
    rank() over (
        partition by residuals.event_id, residuals.symbol, residuals.model
        order by residuals.abnormal_return
    ) / (
        count(*) over (partition by residuals.event_id, residuals.symbol, residuals.model) + 1.0
    ) - 0.5 as centred_rank
from {{ ref('int_event_study__residuals') }} as residuals
inner join {{ ref('int_companies__listings') }} as listings
    on
        residuals.symbol = listings.symbol
        and listings.is_primary_listing
