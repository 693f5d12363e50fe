with sums as (
    select
        token_date,
        fetched_at,
        cast(sum(tokens) as decimal(38, 0)) as total_tokens,
        cast(sum(tokens) filter (where api_class = 'open') as decimal(38, 0)) as open_tokens,
        cast(sum(tokens) filter (where api_class = 'closed') as decimal(38, 0)) as closed_tokens,
        cast(
            sum(tokens) filter (where api_class = 'unknown' and not is_other) as decimal(38, 0)
        ) as unknown_tokens,
        cast(sum(tokens) filter (where is_other) as decimal(38, 0)) as other_tokens
    from {{ ref('int_tokens__cells') }}
    group by token_date, fetched_at
)

select
    vintages.token_date,
    vintages.as_of,
    vintages.fetched_at,
    vintages.is_used,
    vintages.models,
    sums.total_tokens,
    sums.open_tokens,
    sums.closed_tokens,
    sums.unknown_tokens,
    sums.other_tokens,
    vintages.reason,
    {{ cited('sources.attribution', 'vintages.as_of') }} as source
from {{ ref('int_tokens__vintages') }} as vintages
inner join sums
    on
        vintages.token_date = sums.token_date
        and vintages.fetched_at = sums.fetched_at
left join {{ source('seeds', 'data_sources') }} as sources
    on sources.data_source = 'openrouter_tokens'
order by vintages.token_date, vintages.as_of, vintages.fetched_at
