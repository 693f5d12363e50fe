{{ config(severity='warn') }}
-- it only widens the bounds, but a row of the seed api_model_classes may decide it
with newest as (
    select
        token_date,
        fetched_at
    from {{ ref('int_tokens__vintages') }}
    where is_used
    qualify row_number() over (order by token_date desc) = 1
),

ranked as (
    select
        tokens.token_date,
        tokens.model_permaslug,
        tokens.api_model,
        rank() over (order by tokens.total_tokens desc) as place
    from {{ ref('stg_openrouter__tokens') }} as tokens
    inner join newest
        on
            tokens.token_date = newest.token_date
            and tokens.fetched_at = newest.fetched_at
    where not tokens.is_other
)

select
    ranked.token_date,
    ranked.place,
    ranked.model_permaslug,
    classes.evidence
from ranked
inner join {{ ref('int_api_models__classes') }} as classes
    on
        ranked.api_model = classes.api_model
        and {{ holds_on('classes', 'ranked.token_date') }}
where
    ranked.place <= 10
    and classes.api_class = 'unknown'
