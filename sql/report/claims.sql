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
where metric = 'downloads'
order by family, coalesce(published_date, window_end), publisher;
