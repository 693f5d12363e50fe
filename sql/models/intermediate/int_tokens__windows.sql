with used as (
    select
        token_date,
        as_of,
        has_other
    from {{ ref('int_tokens__vintages') }}
    where is_used
),

-- a day without tokens has a row as well: it says why
days as (
    select token_date as day
    from used
    union
    select activity_date as day
    from {{ ref('stg_sources__fetches') }}
    where data_source = 'openrouter_tokens'
),

bounds as (
    select
        min(day) as first_day,
        max(day) as last_day
    from days
),

spine as (
    select {{ each_day('first_day', 'last_day') }} as share_date
    from bounds
),

offsets as (
    select {{ each_element(numbers(0, 'token_window_days - 1')) }} as days_before
    from {{ ref('stg_seeds__share_thresholds') }}
),

expected as (
    select
        spine.share_date,
        {{ days_after('spine.share_date', '-offsets.days_before') }} as token_date
    from spine
    cross join offsets
),

failed as (
    select
        activity_date,
        {{ joined('detail', '; ', 'item') }} as detail
    from {{ ref('stg_sources__fetches') }}
    where
        data_source = 'openrouter_tokens'
        and status <> 'ok'
    group by activity_date
),

windows as (
    select
        expected.share_date,
        count(*) as expected_days,
        count(used.token_date) as days,
        min(used.as_of) as oldest_as_of,
        max(used.as_of) as as_of,
        {{ joined(
            'cast(expected.token_date as string)', ', ', 'expected.token_date',
            condition='used.token_date is null'
        ) }} as missing_days,
        {{ joined(
            'cast(expected.token_date as string)', ', ', 'expected.token_date',
            condition='not used.has_other'
        ) }} as days_without_other
    from expected
    left join used
        on expected.token_date = used.token_date
    group by expected.share_date
)

select
    windows.share_date,
    windows.days,
    windows.oldest_as_of,
    windows.as_of,
    case
        when windows.days = 0 then coalesce(failed.detail, 'no tokens of ' || windows.missing_days)
        when windows.days < windows.expected_days
            then
                'no tokens of ' || windows.missing_days
                || coalesce('; ' || failed.detail, '')
        when windows.days_without_other is not null
            then 'no row `other` on ' || windows.days_without_other
    end as reason
from windows
left join failed
    on windows.share_date = failed.activity_date
