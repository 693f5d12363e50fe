with snapshot_days as (
    select
        snapshot_date,
        activity_date,
        status,
        usable,
        accepted,
        is_provisional,
        provenance,
        rows as listed_models,
        max(snapshot_date) filter (where accepted) over () as newest_date
    from {{ ref('fct_snapshot_days') }}
),

openness as (
    select
        attribute || ':' || hub_id || ':' || cast(first_seen_date as string) as change_id,
        first_seen_date as change_date,
        attribute as kind,
        'model' as subject_kind,
        hub_id as subject,
        repo_id as name,
        publisher,
        cast(null as string) as definition,
        from_value as value_before,
        to_value as value_after,
        last_seen_date as last_date_before,
        cast(null as double) as growth_30d,
        cast(downloads_30d as double) as size,
        'requests of 30 days' as size_unit,
        case
            when coalesce({{ days_between('last_seen_date', 'first_seen_date') }}, 2) > 1
                then 'the day is not known: no snapshot between the two shows it'
            when {{ matches('to_evidence', "' on card'") }}
                then 'as the card says, which is read once a week: the day may be up to a week late'
            else 'as the publisher declares it, unchecked'
        end as how_sure,
        'fct_openness_changes' as source_table
    from {{ ref('fct_openness_changes') }}
    where attribute in ('licence', 'gating')
),

milestones as (
    select
        'milestone:' || milestones.family || ':' || milestones.definition || ':'
        || cast(milestones.milestone as string) as change_id,
        {{ days_after('milestones.reached_by', 1) }} as change_date,
        'milestone' as kind,
        'family' as subject_kind,
        milestones.family as subject,
        families.name,
        cast(null as string) as publisher,
        milestones.definition,
        cast(null as string) as value_before,
        cast(milestones.milestone as string) as value_after,
        {{ days_after('milestones.reached_after', 1) }} as last_date_before,
        cast(null as double) as growth_30d,
        cast(milestones.milestone as double) as size,
        'requests so far' as size_unit,
        case
            when milestones.is_by_scope_change
                then 'not reached by requests: models entered that had them before'
            when milestones.is_interpolated
                then 'the day is not known: no snapshot between the two shows it'
            else 'requests by the cumulative counter, corrections included'
        end as how_sure,
        'fct_family_milestones' as source_table
    from {{ ref('fct_family_milestones') }} as milestones
    left join {{ ref('dim_families') }} as families
        on milestones.family = families.family
    where milestones.is_event
),

leagues as (
    select
        growth.activity_date,
        growth.snapshot_date,
        growth.kind as subject_kind,
        growth.name as subject,
        growth.downloads_30d,
        growth.growth_30d,
        growth.is_edge_interpolated,
        thresholds.climber_places,
        thresholds.climber_quiet_days,
        row_number() over (
            partition by growth.kind, growth.activity_date
            order by {{ rounded('growth.growth_30d', 9) }} desc, growth.name
        ) as place
    from {{ ref('fct_family_growth_daily') }} as growth
    inner join snapshot_days
        on
            growth.snapshot_date = snapshot_days.snapshot_date
            and snapshot_days.usable
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
    where
        growth.growth_30d is not null
        and growth.downloads_30d >= thresholds.climber_min_downloads_30d
),

league_days as (
    select
        subject_kind,
        activity_date,
        lag(activity_date) over (partition by subject_kind order by activity_date) as previous_date
    from leagues
    group by subject_kind, activity_date
),

placed as (
    select
        *,
        lag(activity_date) over by_day as former_date,
        lag(place) over by_day as former_place,
        max(case when place <= climber_places then activity_date end) over (
            partition by subject_kind, subject
            order by activity_date
            rows between unbounded preceding and 1 preceding
        ) as last_top_date
    from leagues
    window by_day as (partition by subject_kind, subject order by activity_date)
),

-- who has no place on the day before was too small or not counted, which is no climb
climbers as (
    select
        'climber:' || placed.subject_kind || ':' || placed.subject || ':'
        || cast(placed.snapshot_date as string) as change_id,
        placed.snapshot_date as change_date,
        'climber' as kind,
        placed.subject_kind,
        placed.subject,
        coalesce(families.name, placed.subject) as name,
        case when placed.subject_kind = 'publisher' then placed.subject end as publisher,
        cast(null as string) as definition,
        cast(placed.former_place as string) as value_before,
        cast(placed.place as string) as value_after,
        {{ days_after('placed.former_date', 1) }} as last_date_before,
        placed.growth_30d,
        cast(placed.downloads_30d as double) as size,
        'requests of 30 days' as size_unit,
        case
            when placed.is_edge_interpolated
                then 'an end of its months lies in a gap between snapshots'
            else 'requests by the cumulative counter, corrections included'
        end as how_sure,
        'fct_family_growth_daily' as source_table
    from placed
    inner join league_days
        on
            placed.subject_kind = league_days.subject_kind
            and placed.activity_date = league_days.activity_date
            and placed.former_date = league_days.previous_date
    left join {{ ref('dim_families') }} as families
        on
            placed.subject_kind = 'family'
            and placed.subject = families.family
    where
        placed.place <= placed.climber_places
        and placed.former_place > placed.climber_places
        and (
            placed.last_top_date is null
            or {{ days_between('placed.last_top_date', 'placed.activity_date') }}
            > placed.climber_quiet_days
        )
),

-- the row of the claim's own day has bounds that the days around it lack
verdicts as (
    select
        claim,
        definition,
        activity_date,
        value,
        verdict,
        is_floor,
        lag(verdict) over by_day as former_verdict,
        lag(activity_date) over by_day as former_date
    from {{ ref('fct_claim_checks') }}
    where not is_of_claim_day
    window by_day as (partition by claim, definition order by activity_date)
),

claims as (
    select
        'claim:' || verdicts.claim || ':' || coalesce(verdicts.definition, 'none') || ':'
        || cast({{ days_after('verdicts.activity_date', 1) }} as string) as change_id,
        {{ days_after('verdicts.activity_date', 1) }} as change_date,
        'claim' as kind,
        'claim' as subject_kind,
        verdicts.claim as subject,
        published.publisher as name,
        cast(null as string) as publisher,
        verdicts.definition,
        verdicts.former_verdict as value_before,
        verdicts.verdict as value_after,
        {{ days_after('verdicts.former_date', 1) }} as last_date_before,
        cast(null as double) as growth_30d,
        verdicts.value as size,
        'in the unit of the claim' as size_unit,
        case
            when
                verdicts.verdict in ('cannot be told', 'not comparable')
                or verdicts.former_verdict in ('cannot be told', 'not comparable')
                then 'what can be told changed, which need not be the count'
            when {{ days_between('verdicts.former_date', 'verdicts.activity_date') }} > 1
                then 'the day is not known: no snapshot between the two shows it'
            when verdicts.is_floor then 'by a count that is a floor: smaller models are not listed'
            else 'by the count of the day, as if the claim were made then'
        end as how_sure,
        'fct_claim_checks' as source_table
    from verdicts
    inner join {{ source('seeds', 'published_claims') }} as published
        on verdicts.claim = published.claim
    where verdicts.verdict <> verdicts.former_verdict
),

-- what publications said of each day, and what the next one is going to say
said_of_days as (
    select
        subject as snapshot_date,
        snapshot_date as change_date,
        published_at,
        false as is_next,
        value_text || case when value = 1 then '' else ', not used' end as verdict
    from {{ ref('stg_headlines__figures') }}
    where figure = 'day_usable'
    union all
    select
        cast(snapshot_date as string) as snapshot_date,
        newest_date as change_date,
        cast(null as timestamp) as published_at,
        true as is_next,
        status || case when usable then '' else ', not used' end as verdict
    from snapshot_days
    where accepted
),

said_last as (
    select
        snapshot_date,
        change_date,
        published_at,
        is_next,
        verdict
    from said_of_days
    qualify row_number() over (
        partition by snapshot_date, change_date order by is_next desc, published_at desc
    ) = 1
),

judged as (
    select
        snapshot_date,
        change_date,
        verdict,
        lag(verdict) over by_time as former_verdict,
        lag(change_date) over by_time as former_date
    from said_last
    window by_time as (
        partition by snapshot_date order by is_next nulls last, published_at nulls last
    )
),

judged_anew as (
    select
        'day:' || judged.snapshot_date || ':' || cast(judged.change_date as string) as change_id,
        judged.change_date,
        'day' as kind,
        'day' as subject_kind,
        judged.snapshot_date as subject,
        judged.snapshot_date as name,
        cast(null as string) as publisher,
        cast(null as string) as definition,
        judged.former_verdict as value_before,
        judged.verdict as value_after,
        judged.former_date as last_date_before,
        cast(null as double) as growth_30d,
        cast(snapshot_days.listed_models as double) as size,
        'models' as size_unit,
        case
            when snapshot_days.is_provisional then 'provisional: days to come can still change it'
            else 'as published then and now'
        end as how_sure,
        'fct_headline_history' as source_table
    from judged
    left join snapshot_days
        on judged.snapshot_date = cast(snapshot_days.snapshot_date as string)
    where judged.verdict <> judged.former_verdict
),

changes as (
    {% for part in ['openness', 'milestones', 'climbers', 'claims', 'judged_anew'] %}
        select
            change_id,
            change_date,
            kind,
            subject_kind,
            subject,
            name,
            publisher,
            definition,
            value_before,
            value_after,
            last_date_before,
            growth_30d,
            size,
            size_unit,
            how_sure,
            source_table
        from {{ part }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select
    changes.change_id,
    changes.change_date,
    changes.kind,
    changes.subject_kind,
    changes.subject,
    changes.name,
    changes.publisher,
    changes.definition,
    changes.value_before,
    changes.value_after,
    changes.last_date_before,
    changes.growth_30d,
    changes.size,
    changes.size_unit,
    changes.how_sure,
    snapshot_days.provenance,
    changes.source_table
from changes
left join snapshot_days
    on changes.change_date = snapshot_days.snapshot_date
order by changes.change_date desc, changes.size desc nulls last, changes.change_id asc
