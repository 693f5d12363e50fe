-- What others published about downloads of a family
select
    family,
    claim,
    publisher,
    measure,
    value,
    is_lower_bound,
    published_date,
    window_start,
    window_end,
    scope,
    source
from published_claims
where
    metric = 'downloads'
    and family is not null
    and value is not null
    and not_comparable is null
order by family, coalesce(published_date, window_end), publisher;
