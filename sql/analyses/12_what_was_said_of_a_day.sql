-- Which days' tokens were restated, when, and by how much? What was the share as it was said then?
with stated as (
    select
        token_date,
        as_of,
        total_tokens,
        is_used,
        open_tokens / cast(open_tokens + closed_tokens as double) as open_share_of_known,
        lag(total_tokens) over (partition by token_date order by as_of) as total_before,
        reason
    from fct_token_vintages
)

select
    token_date,
    as_of,
    is_used,
    total_tokens,
    round(100 * (total_tokens / cast(total_before as double) - 1), 3) as restated_by_pct,
    round(100 * open_share_of_known, 2) as open_pct_of_known,
    reason
from stated
where total_before is null or total_tokens is distinct from total_before
order by token_date desc, as_of desc;
