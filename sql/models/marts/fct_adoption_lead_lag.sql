with lags as (
    select
        {{ each_element(
            numbers('-thresholds.lead_lag_max_weeks', 'thresholds.lead_lag_max_weeks')
        ) }} as lag_weeks
    from {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
),

weekly as (
    select
        family,
        symbol,
        definition,
        week,
        week_number,
        weeks,
        growth,
        excess_return
    from {{ ref('int_adoption__weekly') }}
),

pairs as (
    select
        growths.family,
        growths.symbol,
        growths.definition,
        lags.lag_weeks,
        growths.growth,
        case when growths.growth is not null then excesses.excess_return end as excess_return
    from weekly as growths
    cross join lags
    left join weekly as excesses
        on
            growths.family = excesses.family
            and growths.definition = excesses.definition
            and {{ days_after('growths.week', '7 * lags.lag_weeks') }} = excesses.week
),

correlated as (
    select
        family,
        symbol,
        definition,
        lag_weeks,
        count(excess_return) as weeks,
        corr(growth, excess_return) as correlation
    from pairs
    group by family, symbol, definition, lag_weeks
),

-- every lag or none: the band is for all of them together
enough as (
    select
        correlated.family,
        correlated.definition,
        min(correlated.weeks) as least_weeks
    from correlated
    group by correlated.family, correlated.definition
),

-- blocks of weeks drawn from the returns, wrapped around the end: what a share shares with its
-- own past is kept, what it shares with the requests is not. The key decides what is drawn
replicates as (
    select
        enough.family,
        enough.definition,
        {{ each_element(numbers(1, 'thresholds.bootstrap_replicates')) }} as replicate
    from enough
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    where enough.least_weeks >= thresholds.lead_lag_min_weeks
),

drawn as (
    select
        replicates.family,
        replicates.definition,
        replicates.replicate,
        weekly.week,
        (
            {{ drawn_below(
                "replicates.family || ' ' || replicates.replicate || ' '"
                ~ ' || ' ~ whole_part('weekly.week_number', 'thresholds.bootstrap_block_weeks'),
                'weekly.weeks'
            ) }}
            + weekly.week_number % thresholds.bootstrap_block_weeks
        ) % weekly.weeks as source_number
    from replicates
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    inner join weekly
        on
            replicates.family = weekly.family
            and replicates.definition = weekly.definition
),

resampled as (
    select
        drawn.family,
        drawn.definition,
        drawn.replicate,
        drawn.week,
        weekly.excess_return
    from drawn
    inner join weekly
        on
            drawn.family = weekly.family
            and drawn.definition = weekly.definition
            and drawn.source_number = weekly.week_number
),

resampled_correlations as (
    select
        resampled.family,
        resampled.definition,
        resampled.replicate,
        lags.lag_weeks,
        corr(weekly.growth, resampled.excess_return) as correlation
    from resampled
    cross join lags
    inner join weekly
        on
            resampled.family = weekly.family
            and resampled.definition = weekly.definition
            and {{ days_after('resampled.week', '-7 * lags.lag_weeks') }} = weekly.week
    group by
        resampled.family, resampled.definition, resampled.replicate, lags.lag_weeks
),

largest as (
    select
        family,
        definition,
        replicate,
        max(abs(correlation)) as correlation
    from resampled_correlations
    group by family, definition, replicate
),

ranked as (
    select
        family,
        definition,
        correlation,
        row_number() over (
            partition by family, definition order by correlation nulls last
        ) as rank_number
    from largest
    where correlation is not null
),

bands as (
    select
        ranked.family,
        ranked.definition,
        ranked.correlation as band
    from ranked
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    where
        ranked.rank_number
        = ceil({{ rounded(
            '((thresholds.bootstrap_replicates + 1) * (1 - thresholds.significance))', 6
        ) }})
)

select
    correlated.family,
    correlated.symbol as ticker,
    correlated.definition,
    correlated.lag_weeks,
    correlated.weeks,
    case when enough.least_weeks >= thresholds.lead_lag_min_weeks then correlated.correlation end
        as correlation,
    bands.band,
    abs(correlated.correlation) > bands.band as is_outside_band,
    case
        when enough.least_weeks < thresholds.lead_lag_min_weeks
            then
                'each lag needs ' || thresholds.lead_lag_min_weeks
                || ' weeks with both a growth and a return, and one has only ' || enough.least_weeks
        when bands.band is null then 'growth or return does not vary'
    end as reason
from correlated
cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
inner join enough
    on
        correlated.family = enough.family
        and correlated.definition = enough.definition
left join bands
    on
        correlated.family = bands.family
        and correlated.definition = bands.definition
order by correlated.family, correlated.lag_weeks
