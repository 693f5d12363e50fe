-- Which models make up the tokens, what class do they have, since when, and what decided it?
select
    model_permaslug,
    country_group,
    api_class,
    decided_by,
    evidence,
    valid_from,
    valid_to,
    is_backdated,
    last_token_date
from dim_api_models
where is_current
order by last_token_date desc, api_class desc, model_permaslug;
