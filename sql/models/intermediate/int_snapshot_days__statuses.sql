with ordered as (
    select
        compared.snapshot_date,
        crawls.is_complete,
        compared.scope_id,
        compared.counted_models,
        compared.panel_models_30d,
        compared.big_models,
        compared.rollback_state,
        compared.is_lasting_correction,
        compared.rows_share,
        compared.ratio,
        compared.frozen_share,
        compared.unchanged_share_30d,
        row_number() over by_scope as number,
        -- of the days on either side, the one with more downloads may hold what this day lacks
        greatest(
            coalesce(lag(compared.ratio) over by_scope, 0),
            coalesce(lead(compared.ratio) over by_scope, 0)
        ) as partner_ratio,
        case
            when
                coalesce(lead(compared.ratio) over by_scope, 0)
                >= coalesce(lag(compared.ratio) over by_scope, 0)
                then row_number() over by_scope + 1
            else row_number() over by_scope - 1
        end as partner_number
    from {{ ref('int_snapshot_days__compared') }} as compared
    inner join {{ ref('stg_hub__crawls') }} as crawls
        on compared.snapshot_date = crawls.snapshot_date
    window by_scope as (partition by compared.scope_id order by compared.snapshot_date)
),

-- how far the days around a quiet one lie from a normal day, on one side or the other
spreads as (
    select
        quiet.snapshot_date,
        {{ median_of('abs(others.ratio - 1)') }} as spread
    from ordered as quiet
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    inner join ordered as others
        on
            quiet.scope_id = others.scope_id
            and quiet.number <> others.number
            and quiet.partner_number <> others.number
            and others.snapshot_date
            between {{ days_after('quiet.snapshot_date', '-thresholds.median_window_days') }}
            and {{ days_after('quiet.snapshot_date', 'thresholds.median_window_days') }}
    where
        quiet.ratio >= thresholds.low_ratio
        and quiet.ratio < thresholds.low_beside_high_ratio
    group by quiet.snapshot_date
),

-- a pair is judged by its sum: the other day makes up for much of what the quiet one lacks, for
-- little more, and by more than days differ anyway
pairs as (
    select
        ordered.snapshot_date,
        ordered.partner_number
    from ordered
    inner join spreads
        on ordered.snapshot_date = spreads.snapshot_date
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    where
        ordered.partner_ratio - 1 >= thresholds.pair_made_up_share * (1 - ordered.ratio)
        and ordered.ratio + ordered.partner_ratio
        between thresholds.pair_min_days and thresholds.pair_max_days
        and (
            ordered.partner_ratio > thresholds.high_ratio
            or ordered.partner_ratio - 1 >= thresholds.pair_min_spreads * spreads.spread
        )
),

judged as (
    select
        ordered.snapshot_date,
        ordered.scope_id,
        ordered.number,
        ordered.ratio,
        ordered.is_lasting_correction,
        pairs.partner_number,
        case
            when
                not ordered.is_complete
                or coalesce(ordered.rows_share < thresholds.partial_rows_share, false)
                then 'partial'
            when
                ordered.counted_models = 0
                and ordered.panel_models_30d >= thresholds.frozen_30d_min_models
                and ordered.unchanged_share_30d >= thresholds.frozen_30d_share
                then 'frozen'
            when ordered.counted_models = 0 then 'no_counter'
            when ordered.rollback_state = 'held' then 'rollback'
            when
                ordered.big_models >= thresholds.frozen_min_models
                and ordered.frozen_share >= thresholds.frozen_share
                then 'frozen'
            when ordered.ratio is null then 'ok_unchecked'
            when ordered.ratio < thresholds.low_ratio or pairs.snapshot_date is not null then 'low'
            when ordered.ratio > thresholds.high_ratio then 'high'
            else 'ok'
        end as status,
        ordered.counted_models > 0 as has_counter
    from ordered
    left join pairs
        on ordered.snapshot_date = pairs.snapshot_date
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

bad_days as (
    select
        scope_id,
        snapshot_date,
        number,
        case when status = 'low' then partner_number end as partner_number
    from judged
    where
        has_counter
        and (status in ('low', 'frozen') or (status = 'rollback' and not is_lasting_correction))
),

near as (
    select
        bad_days.scope_id,
        bad_days.number as bad_number,
        bad_days.partner_number,
        judged.number,
        judged.snapshot_date,
        judged.ratio,
        max(
            case
                when judged.number > bad_days.number and judged.ratio > thresholds.high_ratio
                    then judged.number
            end
        ) over (partition by bad_days.scope_id, bad_days.number) as last_high_number
    from bad_days
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    inner join judged
        on
            bad_days.scope_id = judged.scope_id
            and judged.number
            between bad_days.number - 1 and bad_days.number + thresholds.catch_up_max_days
),

-- of a pair both days; else the day before that already held part of it, the next day always, and
-- later ones up to the last that is high
members as (
    select
        near.scope_id,
        near.bad_number,
        near.number,
        near.snapshot_date,
        near.partner_number,
        case
            when near.number = near.bad_number then true
            when near.partner_number is not null then near.number = near.partner_number
            when near.number < near.bad_number then near.ratio > thresholds.catch_up_before_ratio
            else
                near.number <= near.bad_number + thresholds.catch_up_min_days
                or coalesce(near.number <= near.last_high_number, false)
        end as is_member
    from near
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

spans as (
    select
        scope_id,
        bad_number,
        min(snapshot_date) as first_date,
        max(snapshot_date) as last_date,
        -- the next day always belongs to it: until it is there, the episode has not ended
        max(number) = bad_number and max(partner_number) is null as is_open
    from members
    where is_member
    group by scope_id, bad_number
),

chained as (
    select
        scope_id,
        first_date,
        last_date,
        is_open,
        max(last_date) over (
            partition by scope_id
            order by first_date, last_date
            rows between unbounded preceding and 1 preceding
        ) as earlier_last_date
    from spans
),

numbered as (
    select
        chained.scope_id,
        chained.first_date,
        chained.last_date,
        chained.is_open,
        sum(
            case
                when
                    {{ days_between('chained.earlier_last_date', 'chained.first_date') }}
                    <= thresholds.episode_gap_days
                    then 0
                else 1
            end
        ) over (
            partition by chained.scope_id
            order by chained.first_date, chained.last_date
            rows between unbounded preceding and current row
        ) as episode
    from chained
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

episodes as (
    select
        scope_id,
        episode,
        min(first_date) as first_date,
        max(last_date) as last_date,
        max(cast(is_open as integer)) = 1 as is_open
    from numbered
    group by scope_id, episode
)

select
    judged.snapshot_date,
    judged.status,
    episodes.first_date as episode_first_date,
    episodes.last_date as episode_last_date,
    coalesce(judged.snapshot_date < episodes.last_date or episodes.is_open, false)
        as is_inside_episode,
    not coalesce(judged.snapshot_date < episodes.last_date or episodes.is_open, false)
    and (
        -- a low day that ends its episode was booked on the day before: its counter is right again
        judged.status in ('ok', 'ok_unchecked', 'high', 'low', 'no_counter')
        or (judged.status = 'rollback' and judged.is_lasting_correction)
    ) as usable
from judged
left join episodes
    on
        judged.scope_id = episodes.scope_id
        and judged.snapshot_date between episodes.first_date and episodes.last_date
