with crawls as (
    select
        snapshot_date,
        scope,
        scope_id,
        pages,
        row_count,
        is_complete,
        is_accepted,
        reasons,
        provenance,
        captured_at,
        odd_values,
        odd_value_count,
        left_out,
        load_id
    from {{ ref('stg_hub__crawls') }}
),

calendar as (
    select {{ each_day('min(snapshot_date)', 'max(snapshot_date)') }} as snapshot_date
    from crawls
),

newest as (
    select max(snapshot_date) as snapshot_date
    from crawls
),

days as (
    select
        calendar.snapshot_date,
        crawls.scope,
        crawls.scope_id,
        crawls.pages,
        crawls.row_count,
        crawls.is_complete,
        coalesce(crawls.is_accepted, false) as is_accepted,
        crawls.reasons,
        crawls.provenance,
        crawls.captured_at,
        crawls.odd_values,
        crawls.odd_value_count,
        crawls.left_out,
        crawls.load_id,
        statuses.episode_first_date,
        statuses.episode_last_date,
        coalesce(statuses.is_inside_episode, false) as is_inside_episode,
        coalesce(statuses.usable, false) as usable,
        coalesce(
            statuses.status,
            case when not crawls.is_complete then 'partial' else 'missing' end
        ) as status
    from calendar
    left join crawls
        on calendar.snapshot_date = crawls.snapshot_date
    left join {{ ref('int_snapshot_days__statuses') }} as statuses
        on calendar.snapshot_date = statuses.snapshot_date
)

select
    days.snapshot_date,
    {{ days_after('days.snapshot_date', -1) }} as activity_date,
    days.scope,
    days.scope_id,
    days.pages,
    days.row_count as rows,
    days.is_complete as complete,
    days.is_accepted as accepted,
    days.status,
    days.usable,
    days.snapshot_date
    > {{ days_after('newest.snapshot_date', '-thresholds.provisional_days') }} as is_provisional,
    days.provenance,
    days.captured_at,
    compared.previous_date,
    compared.total_delta_per_day,
    compared.median_delta_per_day,
    compared.median_days,
    compared.ratio,
    compared.panel_models,
    compared.panel_difference,
    coalesce(compared.is_30d_short, false) as is_30d_short,
    compared.decreased_share,
    compared.big_models,
    compared.frozen_share,
    compared.unchanged_share_30d,
    compared.rows_share,
    compared.shortfall_share,
    days.episode_first_date,
    days.episode_last_date,
    nullif(
        concat_ws(
            '; ',
            case
                when days.load_id is null then 'no snapshot was taken'
                when
                    not days.is_accepted
                    and (
                        {{ begins_with('days.provenance', "'archive'") }}
                        or days.provenance = 'removed'
                    )
                    then {{ joined_array('days.reasons', '; ') }}
                when not days.is_accepted
                    then
                        'rejected: '
                        || coalesce({{ joined_array('days.reasons', '; ') }}, 'reason not kept')
                when days.status = 'partial' and not days.is_complete
                    then 'the listing ended before its last page'
                when days.status = 'partial'
                    then
                        {{ percent('compared.rows_share') }}
                        || ' of the rows of most days around'
                when days.status = 'frozen' and compared.counted_models = 0
                    then
                        {{ percent('compared.unchanged_share_30d') }}
                        || ' of the 30-day counters of ' || compared.panel_models_30d
                        || ' models unchanged since ' || compared.previous_date
                when days.status = 'frozen'
                    then
                        {{ percent('compared.frozen_share') }} || ' of ' || compared.big_models
                        || ' big models unchanged since ' || compared.previous_date
                when days.status = 'rollback' and compared.fall_date = days.snapshot_date
                    then
                        {{ percent('compared.decreased_share') }} || ' of ' || compared.panel_models
                        || ' models fell since ' || compared.base_date
                        || case
                            when compared.is_lasting_correction then ': a lasting correction'
                            else ''
                        end
                when days.status = 'rollback'
                    then
                        {{ percent('compared.shortfall_share') }} || ' of the fall since '
                        || compared.base_date || ' not made up'
                        || case
                            when compared.is_lasting_correction then ': a lasting correction'
                            else ''
                        end
                when days.status in ('low', 'high')
                    then {{ percent('compared.ratio') }} || ' of a normal day'
                when days.status = 'no_counter' then 'the source has no cumulative counter'
                when days.status = 'ok_unchecked' and compared.previous_date is null
                    then 'no earlier snapshot of the same scope'
                when days.status = 'ok_unchecked' and compared.panel_models = 0
                    then 'the snapshot before has no cumulative counter'
                when days.status = 'ok_unchecked'
                    then compared.median_days || ' comparable days within a week: too few'
                when compared.rollback_state = 'recovered'
                    then 'back from the fall since ' || compared.base_date
                when compared.rollback_state = 'lasting'
                    then
                        'the fall since ' || compared.base_date
                        || ' is taken as a lasting correction'
            end,
            case
                when
                    days.is_inside_episode
                    and days.status in ('ok', 'ok_unchecked', 'high', 'no_counter')
                    then
                        'inside the episode from ' || days.episode_first_date || ' to '
                        || days.episode_last_date
            end,
            case
                when compared.is_30d_short
                    then
                        'most 30-day counters fell by a quarter or more at once and have not risen'
                        || ' since: days are missing in them'
            end
        ),
        ''
    ) as reason,
    days.odd_value_count as odd_values,
    days.left_out,
    nullif({{ joined_array('days.odd_values', '; ') }}, '') as odd_values_detail,
    days.load_id
from days
cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
cross join newest
left join {{ ref('int_snapshot_days__compared') }} as compared
    on days.snapshot_date = compared.snapshot_date
order by days.snapshot_date
