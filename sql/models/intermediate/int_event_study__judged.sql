-- how one event's result is told from chance: by |SCAR| and, where they can, the placebos
with thresholds as (
    select
        significance,
        {{ normal_quantile('(1 - significance / 2)') }} as normal_quantile
    from {{ ref('stg_seeds__event_study_thresholds') }}
),

tested as (
    select
        results.event_id,
        results.symbol,
        results.model,
        results.event_window,
        results.scar,
        {{ t_quantile('thresholds.normal_quantile', 'results.degrees_of_freedom') }}
            as critical_value,
        {{ t_two_sided_p('results.scar', 'results.degrees_of_freedom') }} as scar_p,
        thresholds.significance,
        placebos.placebo_p,
        placebos.placebo_n,
        placebos.placebo_floor,
        placebos.placebo_p_peers,
        placebos.placebo_n_peers
    from {{ ref('int_event_study__results') }} as results
    cross join thresholds
    inner join {{ ref('int_event_study__placebos') }} as placebos
        on
            results.event_id = placebos.event_id
            and results.symbol = placebos.symbol
            and results.model = placebos.model
            and results.event_window = placebos.event_window
    where results.reason is null
)

select
    event_id,
    symbol,
    model,
    event_window,
    critical_value,
    scar_p,
    significance,
    placebo_p,
    placebo_n,
    placebo_floor,
    placebo_p_peers,
    placebo_n_peers,
    abs(scar) > critical_value as is_large,
    placebo_floor > significance as is_placebo_mute,
    abs(scar) > critical_value and (placebo_floor > significance or placebo_p <= significance)
        as is_distinguishable
from tested
