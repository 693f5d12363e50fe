select
    family,
    country,
    {{ whole_number('accounts') }} as accounts
from (
    select
        family,
        country,
        sum(count(*)) over (partition by family) as accounts,
        row_number() over (
            partition by family order by country = 'unknown', count(*) desc, country
        ) as country_rank
    from {{ source('seeds', 'publishers') }}
    where family is not null
    group by family, country
) as counted
where country_rank = 1
