with summed as (
    select
        pool,
        event_group,
        country,
        model,
        window_start,
        window_end,
        count(*) filter (where is_testable) as events,
        count(*) filter (where not is_testable) as events_not_testable,
        avg(car) as mean_car,
        avg(scar) as mean_scar,
        stddev_samp(scar) as sd_scar,
        sum(scar) / sqrt(sum(
            cast(degrees_of_freedom as double) / (degrees_of_freedom - 2)
        )) as patell_z
    from {{ ref('int_event_study__pool_members') }}
    group by pool, event_group, country, model, window_start, window_end
),

-- ranks of the abnormal returns of an event from -0.5 to 0.5, uniform where nothing happened
ranks as (
    select
        residuals.event_id,
        residuals.symbol,
        residuals.model,
        residuals.relative_session,
        rank() over (
            partition by residuals.event_id, residuals.symbol, residuals.model
            order by residuals.abnormal_return nulls last
        ) / (
            count(*) over (partition by residuals.event_id, residuals.symbol, residuals.model) + 1e0
        ) - 0.5e0 as centred_rank
    from {{ ref('int_event_study__residuals') }} as residuals
    inner join {{ ref('int_companies__listings') }} as listings
        on
            residuals.symbol = listings.symbol
            and listings.is_primary_listing
),

-- Corrado and Zivney's statistic: the mean rank of a session over the events, against how much it
-- moves over all sessions, which holds whatever the events have in common
scaled_ranks as (
    select
        members.pool,
        members.window_start,
        members.window_end,
        ranks.relative_session,
        sum(ranks.centred_rank) / sqrt(count(*)) as scaled_rank
    from {{ ref('int_event_study__pool_members') }} as members
    inner join ranks
        on
            members.event_id = ranks.event_id
            and members.ticker = ranks.symbol
            and members.model = ranks.model
    where members.is_testable
    group by
        members.pool, members.window_start, members.window_end, ranks.relative_session
),

rank_tests as (
    select
        pool,
        sum(scaled_rank) filter (where relative_session between window_start and window_end)
        / sqrt(window_end - window_start + 1)
        / nullif(sqrt(avg(scaled_rank * scaled_rank)), 0) as corrado_z
    from scaled_ranks
    group by pool, window_start, window_end
),

combined as (
    select
        summed.pool,
        summed.event_group,
        summed.country,
        summed.model,
        summed.window_start,
        summed.window_end,
        summed.events,
        summed.events_not_testable,
        summed.events - 1 as degrees_of_freedom,
        thresholds.significance,
        thresholds.pooled_min_events as min_events,
        summed.events >= thresholds.pooled_min_events as is_pooled,
        summed.mean_car,
        summed.patell_z,
        summed.mean_scar * sqrt(summed.events) / nullif(summed.sd_scar, 0) as bmp_t,
        correlations.mean_correlation,
        case
            when 1 + (summed.events - 1) * correlations.mean_correlation > 0
                then
                    sqrt(
                        (1 - correlations.mean_correlation)
                        / (1 + (summed.events - 1) * correlations.mean_correlation)
                    )
        end as clustering,
        rank_tests.corrado_z
    from summed
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    left join {{ ref('int_event_study__pool_correlations') }} as correlations
        on summed.pool = correlations.pool
    left join rank_tests
        on summed.pool = rank_tests.pool
),

tested as (
    select
        event_group,
        country,
        model,
        window_start,
        window_end,
        events,
        events_not_testable,
        significance,
        min_events,
        is_pooled,
        mean_car,
        case when is_pooled then patell_z end as patell_z,
        case when is_pooled then bmp_t end as bmp_t,
        case when is_pooled then mean_correlation end as mean_correlation,
        case when is_pooled then bmp_t * clustering end as kolari_pynnonen_t,
        case when is_pooled then corrado_z end as corrado_z,
        degrees_of_freedom
    from combined
),

probable as (
    select
        event_group,
        country,
        model,
        window_start,
        window_end,
        events,
        events_not_testable,
        significance,
        min_events,
        is_pooled,
        mean_car,
        patell_z,
        {{ normal_two_sided_p('patell_z') }} as patell_p,
        bmp_t,
        {{ t_two_sided_p('bmp_t', 'degrees_of_freedom') }} as bmp_p,
        mean_correlation,
        kolari_pynnonen_t,
        {{ t_two_sided_p('kolari_pynnonen_t', 'degrees_of_freedom') }} as kolari_pynnonen_p,
        corrado_z,
        {{ normal_two_sided_p('corrado_z') }} as corrado_p
    from tested
)

select
    probable.event_group,
    probable.country,
    probable.model,
    probable.window_start,
    probable.window_end,
    windows.is_primary and probable.model = 'market_peers' as is_primary,
    probable.events,
    probable.events_not_testable,
    probable.mean_car,
    probable.patell_z,
    probable.patell_p,
    probable.bmp_t,
    probable.bmp_p,
    probable.mean_correlation,
    probable.kolari_pynnonen_t,
    probable.kolari_pynnonen_p,
    probable.corrado_z,
    probable.corrado_p,
    case
        when probable.kolari_pynnonen_p is null then 'not testable'
        when probable.kolari_pynnonen_p <= probable.significance then 'distinguishable'
        else 'not distinguishable'
    end as verdict,
    case
        when not probable.is_pooled
            then
                probable.events || ' of ' || (probable.events + probable.events_not_testable)
                || ' events can be tested, ' || probable.min_events || ' are needed'
        when probable.kolari_pynnonen_p is null
            then 'the events move together so much that they are not a sample'
        else
            'Kolari-Pynnönen p ' || {{ rounded_text('probable.kolari_pynnonen_p', 4) }} || ' over '
            || probable.events || ' events'
    end as verdict_reason
from probable
inner join {{ source('seeds', 'event_windows') }} as windows
    on
        probable.window_start = windows.start_session
        and probable.window_end = windows.end_session
order by
    probable.event_group, probable.country, probable.model, probable.window_start,
    probable.window_end
