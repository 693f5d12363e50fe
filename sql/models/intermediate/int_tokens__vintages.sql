with fetched as (
    select
        token_date,
        fetched_at,
        max(as_of) as as_of,
        count(*) as models,
        count(*) - count(distinct model_permaslug) as repeated_models,
        count(*) filter (where total_tokens is null) as unreadable_models,
        max(case when is_other then 1 else 0 end) = 1 as has_other
    from {{ ref('stg_openrouter__tokens') }}
    group by token_date, fetched_at
),

judged as (
    select
        token_date,
        fetched_at,
        as_of,
        models,
        has_other,
        unreadable_models = 0 and repeated_models = 0 as is_usable,
        case
            when unreadable_models > 0
                then cast(unreadable_models as string) || ' rows are no number of tokens'
            when repeated_models > 0
                then cast(repeated_models as string) || ' models are named more than once'
        end as reason
    from fetched
)

-- a day that cannot be used as it was last stated keeps what was stated before
select
    token_date,
    fetched_at,
    as_of,
    models,
    has_other,
    is_usable,
    reason,
    is_usable and row_number() over (
        partition by token_date, is_usable
        order by as_of desc, fetched_at desc
    ) = 1 as is_used
from judged
