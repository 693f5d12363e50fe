{{ built_by_day(seeds=seeds_of_adoption(), judged=true, in_parts=true) }}

with {{ interval_ctes(days_to_build()) }},

snapshots as (
    select
        snapshots.snapshot_date,
        snapshots.activity_date,
        snapshots.scope_id
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where
        judged.usable
        and snapshots.snapshot_date {{ days_to_build() }}
),

first_snapshot as (
    select min(captured_at) as captured_at
    from {{ ref('stg_hub__snapshots') }}
),

listed as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d
    from {{ ref('stg_hub__counters') }} as counters
    inner join snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    where counters.snapshot_date {{ days_to_build() }}
),

-- the last count as of a day, also of models that are gone
observations as (
    select
        model_key,
        max(snapshot_date) as snapshot_date,
        arg_max(downloads_all_time, snapshot_date) as downloads_all_time
    from earlier_counts
    group by model_key
    union all
    select
        model_key,
        snapshot_date,
        downloads_all_time
    from window_counts
),

numbered as (
    select
        snapshot_date,
        row_number() over (order by snapshot_date) as number
    from snapshots
),

-- of each day on which a count was seen, the first snapshot that it can hold on, by its number
entries as (
    select
        seen.snapshot_date,
        count(*) filter (where numbered.snapshot_date < seen.snapshot_date) + 1 as number
    from (select distinct observations.snapshot_date from observations) as seen
    cross join numbered
    group by seen.snapshot_date
),

holding as (
    select
        observations.model_key,
        observations.downloads_all_time,
        entries.number as first_number,
        coalesce(
            lead(entries.number) over (
                partition by observations.model_key order by observations.snapshot_date
            ),
            (select count(*) from numbered) + 1
        ) as next_number
    from observations
    inner join entries
        on observations.snapshot_date = entries.snapshot_date
),

-- a count for every snapshot that it holds on; joined by a range of days, an engine may compare all
held as (
    select
        model_key,
        downloads_all_time,
        {{ each_element('generate_series(first_number, next_number - 1)') }} as number
    from holding
    where next_number > first_number
),

last_known as (
    select
        numbered.snapshot_date,
        held.model_key,
        held.downloads_all_time
    from held
    inner join numbered
        on held.number = numbered.number
),

stock as (
    select
        coalesce(listed.snapshot_date, last_known.snapshot_date) as snapshot_date,
        coalesce(listed.model_key, last_known.model_key) as model_key,
        listed.model_key is not null as is_listed,
        listed.downloads_30d,
        last_known.downloads_all_time
    from listed
    full outer join last_known
        on
            listed.snapshot_date = last_known.snapshot_date
            and listed.model_key = last_known.model_key
),

-- both counters of both repositories; 30-day ones where an all-time one is missing
compared_with_parent as (
    select
        stock.snapshot_date,
        stock.model_key,
        bool_or(parents.is_older_than_parent) as is_older_than_parent,
        max(stock.downloads_all_time) as downloads_all_time,
        max(stock.downloads_30d) as downloads_30d,
        max(parent_stock.downloads_all_time) as parent_all_time,
        max(parent_stock.downloads_30d) as parent_30d
    from stock
    inner join {{ ref('int_models__parents') }} as parents
        on
            stock.model_key = parents.model_key
            and {{ holds_on('parents', 'stock.snapshot_date') }}
    left join stock as parent_stock
        on
            stock.snapshot_date = parent_stock.snapshot_date
            and parents.parent_key = parent_stock.model_key
    group by stock.snapshot_date, stock.model_key
),

suspects as (
    select
        compared_with_parent.snapshot_date,
        compared_with_parent.model_key
    from compared_with_parent
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
    where {{ is_relation_suspect('compared_with_parent', 'thresholds.relation_suspect_ratio') }}
),

first_sights as (
    select
        states.model_key,
        min(states.valid_from) as first_date
    from {{ ref('int_models__states') }} as states
    inner join {{ ref('stg_hub__models') }} as models
        on states.model_key = models.model_key
    cross join first_snapshot
    where models.created_at > first_snapshot.captured_at
    group by states.model_key
),

described as (
    select
        stock.snapshot_date,
        stock.model_key,
        stock.is_listed,
        stock.downloads_30d,
        stock.downloads_all_time,
        states.organisation_family,
        coalesce(classes.licence_class, 'L0') as licence_class,
        coalesce(classes.access_class, 'unknown') as access_class,
        coalesce(states.relation_kind, 'undeclared') as relation_kind,
        coalesce(states.country, 'unknown') as country,
        coalesce(states.model_kind, 'unknown') as model_kind,
        coalesce(states.parents, 0) as parents,
        suspects.model_key is not null as is_relation_suspect,
        first_sights.model_key is not null as is_new
    from stock
    left join {{ ref('int_models__states') }} as states
        on
            stock.model_key = states.model_key
            and {{ holds_on('states', 'stock.snapshot_date') }}
    left join {{ ref('int_models__classified') }} as classes
        on
            stock.model_key = classes.model_key
            and {{ holds_on('classes', 'stock.snapshot_date') }}
    left join suspects
        on
            stock.snapshot_date = suspects.snapshot_date
            and stock.model_key = suspects.model_key
    left join first_sights
        on
            stock.model_key = first_sights.model_key
            and stock.snapshot_date = first_sights.first_date
),

-- a model's attributes, and what the snapshot says of it and adds to the days before it
facts as (
    select
        described.snapshot_date,
        described.model_key,
        described.organisation_family,
        described.licence_class,
        described.access_class,
        described.relation_kind,
        described.is_relation_suspect,
        described.country,
        described.model_kind,
        described.parents,
        described.is_listed,
        described.is_new,
        described.downloads_30d,
        described.downloads_all_time,
        intervals.start_date,
        cast(intervals.delta as double) / intervals.length_days as net
    from described
    left join intervals
        on
            described.snapshot_date = intervals.observed_date
            and described.model_key = intervals.model_key
),

family_facts as (
    select
        families.definition,
        families.family,
        families.weight,
        facts.*
    from facts
    inner join {{ ref('int_models__families') }} as families
        on
            facts.model_key = families.model_key
            and {{ holds_on('families', 'facts.snapshot_date') }}
    where families.definition <> 'organisation'
),

lineage_weights as (
    select
        snapshot_date,
        model_key,
        sum(weight) as weight
    from family_facts
    where definition = 'lineage'
    group by snapshot_date, model_key
),

family_countries as (
    select
        family,
        min(country) filter (where country <> 'unknown') as country
    from (
        select
            publishers.family,
            publishers.country,
            rank() over (
                partition by publishers.family order by count(*) desc, publishers.country asc
            ) as country_rank
        from {{ source('seeds', 'publishers') }} as publishers
        where publishers.family is not null
        group by publishers.family, publishers.country
    ) as counted
    where country_rank = 1
    group by family
),

-- organisation and lineage hold every model, those of no family under NULL: each sums to the whole
members as (
    select
        'organisation' as definition,
        facts.organisation_family as family,
        cast(1 as double) as weight,
        facts.*
    from facts
    union all
    select family_facts.*
    from family_facts
    union all
    select
        'lineage' as definition,
        cast(null as varchar) as family,
        1 - coalesce(lineage_weights.weight, 0) as weight,
        facts.*
    from facts
    left join lineage_weights
        on
            facts.snapshot_date = lineage_weights.snapshot_date
            and facts.model_key = lineage_weights.model_key
    where 1 - coalesce(lineage_weights.weight, 0) > 1e-9
),

-- intervals of one length are spread alike, so they are added up before they are spread
sums as (
    select
        members.snapshot_date,
        members.start_date,
        members.definition,
        members.family,
        members.licence_class,
        members.access_class,
        members.relation_kind,
        members.is_relation_suspect,
        members.country,
        members.model_kind,
        case
            when members.definition <> 'lineage' then null
            when members.family is not null then coalesce(family_countries.country, 'unknown')
            when members.parents = 0 then members.country
            else 'unknown'
        end as base_country,
        count(*) filter (where members.is_listed) as models,
        coalesce(sum(members.weight) filter (where members.is_listed), 0) as weighted_models,
        count(*) filter (where members.is_new) as new_models,
        coalesce(sum(members.weight) filter (where members.is_new), 0) as weighted_new_models,
        sum(members.downloads_30d * members.weight) as downloads_30d,
        sum(members.downloads_all_time * members.weight) as downloads_all_time,
        sum(members.net * members.weight) as net
    from members
    left join family_countries
        on members.family = family_countries.family
    group by all
),

spread as (
    select
        snapshot_date,
        {{ each_day('start_date', days_after('snapshot_date', -1)) }} as activity_date,
        definition,
        family,
        licence_class,
        access_class,
        relation_kind,
        is_relation_suspect,
        country,
        base_country,
        model_kind,
        net
    from sums
    where net is not null
),

-- what a snapshot says, and what it adds to the days before it
placed as (
    select
        snapshot_date,
        {{ days_after('snapshot_date', -1) }} as activity_date,
        definition,
        family,
        licence_class,
        access_class,
        relation_kind,
        is_relation_suspect,
        country,
        base_country,
        model_kind,
        models,
        weighted_models,
        new_models,
        weighted_new_models,
        downloads_30d,
        downloads_all_time,
        cast(null as double) as net
    from sums
    union all
    select
        snapshot_date,
        activity_date,
        definition,
        family,
        licence_class,
        access_class,
        relation_kind,
        is_relation_suspect,
        country,
        base_country,
        model_kind,
        0 as models,
        0 as weighted_models,
        0 as new_models,
        0 as weighted_new_models,
        cast(null as double) as downloads_30d,
        cast(null as double) as downloads_all_time,
        net
    from spread
)

select
    snapshot_date,
    activity_date,
    definition,
    family,
    licence_class,
    access_class,
    relation_kind,
    is_relation_suspect,
    country,
    base_country,
    model_kind,
    cast(sum(models) as bigint) as models,
    sum(weighted_models) as weighted_models,
    cast(sum(new_models) as bigint) as new_models,
    sum(weighted_new_models) as weighted_new_models,
    sum(downloads_30d) as downloads_30d,
    sum(downloads_all_time) as downloads_all_time,
    sum(net) as net
from placed
group by all
order by snapshot_date, definition, family
