{% set kinds = {
    'openness': ('api_class', ['open', 'closed']),
    'country': ('country_group', ['China', 'United States', 'Europe', 'rest'])
} %}

with segments as (
    {% for kind, (column, names) in kinds.items() %}
        {% for name in names %}
            select
                '{{ kind }}' as segment_kind,
                '{{ name }}' as segment
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

variants as (
    select true as includes_free
    union all
    select false as includes_free
),

used as (
    select
        cells.token_date,
        cells.api_class,
        cells.country_group,
        cells.is_free,
        cells.tokens
    from {{ ref('int_tokens__cells') }} as cells
    inner join {{ ref('int_tokens__vintages') }} as vintages
        on
            cells.token_date = vintages.token_date
            and cells.fetched_at = vintages.fetched_at
    where vintages.is_used
),

in_windows as (
    select
        windows.share_date,
        variants.includes_free,
        used.api_class,
        used.country_group,
        cast(sum(used.tokens) as decimal(38, 0)) as tokens
    from {{ ref('int_tokens__windows') }} as windows
    inner join used
        on
            windows.share_date >= used.token_date
            and {{ days_between('used.token_date', 'windows.share_date') }} < (
                select thresholds.token_window_days
                from {{ ref('stg_seeds__share_thresholds') }} as thresholds
            )
    inner join variants
        on variants.includes_free or not used.is_free
    group by windows.share_date, variants.includes_free, used.api_class, used.country_group
),

by_segment as (
    {% for kind, (column, names) in kinds.items() %}
        select
            share_date,
            includes_free,
            '{{ kind }}' as segment_kind,
            {{ column }} as segment,
            cast(sum(tokens) as decimal(38, 0)) as tokens
        from in_windows
        group by share_date, includes_free, {{ column }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

totals as (
    select
        share_date,
        includes_free,
        segment_kind,
        cast(sum(tokens) as decimal(38, 0)) as total_tokens,
        cast(sum(tokens) filter (where segment <> 'unknown') as decimal(38, 0)) as known_tokens
    from by_segment
    group by share_date, includes_free, segment_kind
),

measured as (
    select
        windows.share_date,
        segments.segment_kind,
        segments.segment,
        variants.includes_free,
        windows.days,
        windows.oldest_as_of,
        windows.as_of,
        windows.reason,
        cast(coalesce(by_segment.tokens, 0) as decimal(38, 0)) as segment_tokens,
        cast(coalesce(totals.known_tokens, 0) as decimal(38, 0)) as known_tokens,
        cast(coalesce(totals.total_tokens, 0) as decimal(38, 0)) as total_tokens
    from {{ ref('int_tokens__windows') }} as windows
    cross join segments
    cross join variants
    left join by_segment
        on
            windows.share_date = by_segment.share_date
            and variants.includes_free = by_segment.includes_free
            and segments.segment_kind = by_segment.segment_kind
            and segments.segment = by_segment.segment
    left join totals
        on
            windows.share_date = totals.share_date
            and variants.includes_free = totals.includes_free
            and segments.segment_kind = totals.segment_kind
),

-- exact sums become doubles here, the quotients are rounded only once
bounded as (
    select
        share_date,
        segment_kind,
        segment,
        includes_free,
        days,
        oldest_as_of,
        as_of,
        reason,
        segment_tokens,
        known_tokens,
        total_tokens,
        reason is null and total_tokens > 0 as is_bounded,
        {{ share_of('segment_tokens', 'known_tokens') }} as point,
        {{ share_of('segment_tokens', 'total_tokens') }} as lower_bound,
        {{ share_of('total_tokens - known_tokens + segment_tokens', 'total_tokens') }}
            as upper_bound,
        {{ share_of('known_tokens', 'total_tokens') }} as coverage
    from measured
)

select
    bounded.share_date,
    bounded.segment_kind,
    bounded.segment,
    bounded.includes_free,
    -- the last digit of a quotient must not put the point outside its own bounds
    case
        when bounded.is_bounded and bounded.coverage >= thresholds.min_coverage
            then greatest(bounded.lower_bound, least(bounded.upper_bound, bounded.point))
    end as point,
    case when bounded.is_bounded then bounded.lower_bound end as lower_bound,
    case when bounded.is_bounded then bounded.upper_bound end as upper_bound,
    case when bounded.is_bounded then bounded.coverage end as coverage,
    bounded.segment_tokens,
    bounded.known_tokens,
    bounded.total_tokens,
    bounded.days,
    bounded.as_of,
    bounded.oldest_as_of,
    case
        when bounded.reason is not null then bounded.reason
        when bounded.total_tokens = 0 then 'no token was counted'
        when bounded.coverage < thresholds.min_coverage
            then
                'no point: only ' || {{ percent('bounded.coverage') }}
                || ' of the tokens are of known '
                || case
                    when bounded.segment_kind = 'openness' then 'openness'
                    else 'country'
                end
    end as reason,
    {{ cited('sources.attribution', 'bounded.as_of') }} as source
from bounded
cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
left join {{ source('seeds', 'data_sources') }} as sources
    on sources.data_source = 'openrouter_tokens'
order by bounded.share_date, bounded.segment_kind, bounded.segment, bounded.includes_free
