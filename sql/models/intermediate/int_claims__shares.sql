-- the part of a whole that a claim is about, from the snapshots next to the ends of its period
with claims as (
    select
        claims.claim,
        claims.kind,
        claims.subject_kind,
        claims.subject_name,
        claims.population,
        claims.measure,
        claims.metric,
        claims.window_start,
        claims.window_end,
        claims.measure = 'window' and claims.population <> 'created_in_window' as is_difference,
        thresholds.claim_days_apart
    from {{ ref('stg_seeds__published_claims') }} as claims
    cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
    where claims.kind in ('share', 'share_of_derivatives')
),

snapshots as (
    select
        snapshots.snapshot_date,
        snapshots.activity_date,
        snapshots.scope
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where judged.is_counted
),

ends as (
    select
        claims.*,
        max(snapshots.snapshot_date) filter (
            where
            snapshots.activity_date <= claims.window_end
            and snapshots.activity_date
            >= {{ days_after('claims.window_end', '-claims.claim_days_apart') }}
        ) as end_date,
        max(snapshots.snapshot_date) filter (
            where
            snapshots.activity_date < claims.window_start
            and snapshots.activity_date
            >= {{ days_after('claims.window_start', '-claims.claim_days_apart') }}
        ) as start_date
    from claims
    cross join snapshots
    group by all
),

reached as (
    select *
    from ends
    where
        end_date is not null
        and (start_date is not null or not is_difference)
),

counted as (
    select
        reached.claim,
        reached.kind,
        reached.subject_kind,
        reached.subject_name,
        reached.population,
        counters.model_key,
        case
            when reached.metric <> 'downloads' then 1
            when
                not reached.is_difference
                or cast(models.created_at as date) >= reached.window_start
                then counters.downloads_all_time
            else counters.downloads_all_time - before.downloads_all_time
        end as figure
    from reached
    inner join {{ ref('stg_hub__counters') }} as counters
        on reached.end_date = counters.snapshot_date
    inner join {{ ref('stg_hub__models') }} as models
        on counters.model_key = models.model_key
    left join {{ ref('stg_hub__counters') }} as before
        on
            reached.start_date = before.snapshot_date
            and counters.model_key = before.model_key
    where
        reached.population <> 'created_in_window'
        or (
            cast(models.created_at as date) >= reached.window_start
            and cast(models.created_at as date) <= reached.window_end
        )
),

-- the accounts that a claim can name are few, the models of them as well
accounts as (
    select
        cards.model_key,
        publishers.country,
        publishers.family,
        publishers.company
    from {{ ref('stg_hub__cards') }} as cards
    inner join {{ source('seeds', 'publishers') }} as publishers
        on cards.publisher = publishers.publisher
    where cards.valid_to is null
),

-- 1 and 0 for what is and is not the claim's subject, NULL where that is not known
described as (
    select
        counted.claim,
        counted.figure,
        case
            when counted.kind = 'share_of_derivatives' and counted.subject_kind = 'family'
                then cast(last_sight.lineage_family = counted.subject_name as integer)
            when counted.kind = 'share_of_derivatives'
                then cast(nullif(base.country, 'unknown') = counted.subject_name as integer)
            when counted.subject_kind = 'country'
                then cast(nullif(accounts.country, 'unknown') = counted.subject_name as integer)
            when counted.subject_kind = 'family'
                then cast(coalesce(accounts.family, '') = counted.subject_name as integer)
            when counted.subject_kind = 'publisher'
                then cast(coalesce(accounts.company, '') = counted.subject_name as integer)
            when counted.subject_kind = 'licence'
                then cast(last_sight.licence_id = counted.subject_name as integer)
            when counted.subject_name = 'open_weights'
                then cast(last_sight.is_open_weights as integer)
            when counted.subject_name = 'open_commercial'
                then cast(last_sight.is_open_commercial as integer)
            when counted.subject_name = 'osi_licence'
                then cast(last_sight.is_osi_licence as integer)
            when counted.subject_name = 'gated' then cast(last_sight.gated <> 'false' as integer)
            else cast(last_sight.size_class = counted.subject_name as integer)
        end as is_subject
    from counted
    inner join {{ ref('int_models__at_last_sight') }} as last_sight
        on counted.model_key = last_sight.model_key
    left join accounts
        on counted.model_key = accounts.model_key
    left join {{ ref('int_families__countries') }} as base
        on last_sight.lineage_family = base.family
    where
        (counted.kind <> 'share_of_derivatives' or last_sight.relation_kind = 'finetune')
        and (
            counted.population <> 'language_models'
            or last_sight.model_kind = 'language_model'
        )
),

summed as (
    select
        claim,
        sum(figure) as figures,
        coalesce(sum(figure) filter (where is_subject = 1), 0) as of_subject,
        coalesce(sum(figure) filter (where is_subject is null), 0) as of_unknown
    from described
    group by claim
)

select
    reached.claim,
    case
        when reached.kind = 'share_of_derivatives' then 'base_model'
        when reached.subject_kind in ('country', 'family', 'publisher') then 'organisation'
        else 'declared'
    end as definition,
    ends_at.activity_date,
    ends_at.scope,
    ends_at.scope <> 'census' as is_floor,
    false as lacks_members,
    true as is_of_claim_day,
    summed.of_subject / nullif(cast(summed.figures - summed.of_unknown as double), 0) as value,
    summed.of_subject / nullif(cast(summed.figures as double), 0) as lower_bound,
    (summed.of_subject + summed.of_unknown) / nullif(cast(summed.figures as double), 0)
        as upper_bound,
    cast(null as double) as compared_value,
    cast(null as double) as compared_lower_bound,
    cast(null as double) as compared_upper_bound,
    case
        when reached.is_difference then {{ days_after('reached.start_date', -1) }}
        else reached.window_start
    end as first_date,
    ends_at.activity_date as last_date
from reached
inner join summed
    on reached.claim = summed.claim
inner join snapshots as ends_at
    on reached.end_date = ends_at.snapshot_date
where summed.figures > 0
