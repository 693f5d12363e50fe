{{ built_by_day(seeds=seeds_of_adoption(), judged=true, in_parts=true) }}

with {{ interval_ctes(days_to_build()) }},

snapshots as (
    select
        snapshots.snapshot_date,
        judged.usable,
        judged.is_counted
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where snapshots.snapshot_date {{ days_to_build() }}
),

first_snapshot as (
    select min(captured_at) as captured_at
    from {{ ref('stg_hub__snapshots') }}
),

listed as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time as listed_all_time,
        case when snapshots.is_counted then counters.downloads_all_time end as counted_all_time
    from {{ ref('stg_hub__counters') }} as counters
    inner join snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    where counters.snapshot_date {{ days_to_build() }}
),

{% if builds_one_day() %}
    last_known as (
        select
            snapshots.snapshot_date,
            earlier_counts.model_key,
            earlier_counts.downloads_all_time
        from earlier_counts
        cross join snapshots
    ),
{% else %}
    -- the last count as of a day, also of models that are gone
    observations as (
        select
            model_key,
            snapshot_date,
            downloads_all_time
        from earlier_counts
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

    -- a count for every snapshot that it holds on; joined by a range of days, an engine may compare
    -- all
    held as (
        select
            model_key,
            downloads_all_time,
            {{ each_element(numbers('first_number', 'next_number - 1')) }} as number
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
{% endif %}

stock as (
    select
        coalesce(listed.snapshot_date, last_known.snapshot_date) as snapshot_date,
        coalesce(listed.model_key, last_known.model_key) as model_key,
        listed.model_key is not null as is_listed,
        listed.downloads_30d,
        listed.listed_all_time,
        coalesce(listed.counted_all_time, last_known.downloads_all_time) as downloads_all_time
    from listed
    full outer join last_known
        on
            listed.snapshot_date = last_known.snapshot_date
            and listed.model_key = last_known.model_key
    where {{ computed_once() }}
),

-- both counters of both repositories; 30-day ones where an all-time one is missing
with_parents as (
    select
        stock.snapshot_date,
        stock.model_key,
        stock.downloads_all_time,
        stock.downloads_30d,
        parents.parents,
        parents.is_older_than_parent,
        parent_stock.downloads_all_time as parent_all_time,
        parent_stock.downloads_30d as parent_30d
    from stock
    inner join {{ ref('int_models__parents') }} as parents
        on
            stock.model_key = parents.model_key
            and {{ holds_on('parents', 'stock.snapshot_date') }}
    left join stock as parent_stock
        on
            stock.snapshot_date = parent_stock.snapshot_date
            and parents.parent_key = parent_stock.model_key
),

-- nearly all have one parent, which is no group
compared_with_parent as (
    select
        snapshot_date,
        model_key,
        is_older_than_parent,
        downloads_all_time,
        downloads_30d,
        parent_all_time,
        parent_30d
    from with_parents
    where parents = 1
    union all
    select
        snapshot_date,
        model_key,
        bool_or(is_older_than_parent) as is_older_than_parent,
        max(downloads_all_time) as downloads_all_time,
        max(downloads_30d) as downloads_30d,
        max(parent_all_time) as parent_all_time,
        max(parent_30d) as parent_30d
    from with_parents
    where parents > 1
    group by snapshot_date, model_key
),

suspects as (
    select
        compared_with_parent.snapshot_date,
        compared_with_parent.model_key
    from compared_with_parent
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
    where {{ is_relation_suspect('compared_with_parent', 'thresholds.relation_suspect_ratio') }}
),

-- a first state begins on the day of the first sight
first_sights as (
    select
        states.model_key,
        min(states.valid_from) as first_date
    from {{ ref('int_models__states') }} as states
    inner join {{ ref('stg_hub__models') }} as models
        on states.model_key = models.model_key
    inner join first_snapshot
        on models.created_at > first_snapshot.captured_at
    group by states.model_key
    having min(states.valid_from) {{ days_to_build() }}
),

-- what the snapshot says of its models and adds to the days before it; models of one profile are
-- added up
facts as (
    select
        stock.snapshot_date,
        profiles.profile_key,
        suspects.model_key is not null as is_relation_suspect,
        intervals.start_date,
        count(*) filter (where stock.is_listed) as models,
        count(first_sights.model_key) as new_models,
        sum(stock.downloads_30d) as downloads_30d,
        sum(stock.downloads_all_time) as downloads_all_time,
        sum(stock.listed_all_time) as listed_all_time,
        sum(cast(intervals.delta as double) / intervals.length_days) as net
    from stock
    left join intervals
        on
            stock.snapshot_date = intervals.observed_date
            and stock.model_key = intervals.model_key
    left join {{ ref('int_models__profiles') }} as profiles
        on
            stock.model_key = profiles.model_key
            and {{ holds_on('profiles', 'stock.snapshot_date') }}
    left join suspects
        on
            stock.snapshot_date = suspects.snapshot_date
            and stock.model_key = suspects.model_key
    left join first_sights
        on
            stock.model_key = first_sights.model_key
            and stock.snapshot_date = first_sights.first_date
    group by
        stock.snapshot_date, profiles.profile_key, suspects.model_key is not null,
        intervals.start_date
),

-- a profile is what any of its models is
looked_up as (
    select
        profile_key,
        min(model_key) as model_key,
        {{ value_at_least('valid_from', 'model_key') }} as valid_from
    from {{ ref('int_models__profiles') }}
    {% if has_ledger() %}
        where profile_key in (select facts.profile_key from facts)
    {% endif %}
    group by profile_key
),

described as (
    select
        facts.snapshot_date,
        facts.profile_key,
        facts.is_relation_suspect,
        facts.start_date,
        facts.models,
        facts.new_models,
        facts.downloads_30d,
        facts.downloads_all_time,
        facts.listed_all_time,
        facts.net,
        states.organisation_family,
        coalesce(classes.licence_class, 'L0') as licence_class,
        coalesce(classes.access_class, 'unknown') as access_class,
        coalesce(states.relation_kind, 'undeclared') as relation_kind,
        coalesce(states.country, 'unknown') as country,
        coalesce(states.model_kind, 'unknown') as model_kind,
        coalesce(states.parents, 0) as parents
    from facts
    left join looked_up
        on facts.profile_key = looked_up.profile_key
    left join {{ ref('int_models__states') }} as states
        on
            looked_up.model_key = states.model_key
            and {{ holds_on('states', 'looked_up.valid_from') }}
    left join {{ ref('int_models__classified') }} as classes
        on
            looked_up.model_key = classes.model_key
            and {{ holds_on('classes', 'looked_up.valid_from') }}
    where {{ computed_once() }}
),

profile_families as (
    select
        looked_up.profile_key,
        families.definition,
        families.family,
        families.weight
    from looked_up
    inner join {{ ref('int_models__families') }} as families
        on
            looked_up.model_key = families.model_key
            and {{ holds_on('families', 'looked_up.valid_from') }}
    where families.definition <> 'organisation'
),

lineage_weights as (
    select
        profile_key,
        sum(weight) as weight
    from profile_families
    where definition = 'lineage'
    group by profile_key
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
        described.organisation_family as family,
        cast(1 as double) as weight,
        described.*
    from described
    union all
    select
        profile_families.definition,
        profile_families.family,
        profile_families.weight,
        described.*
    from described
    inner join profile_families
        on described.profile_key = profile_families.profile_key
    union all
    select
        'lineage' as definition,
        cast(null as string) as family,
        1 - coalesce(lineage_weights.weight, 0) as weight,
        described.*
    from described
    left join lineage_weights
        on described.profile_key = lineage_weights.profile_key
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
        sum(members.models) as models,
        sum(members.models * members.weight) as weighted_models,
        sum(members.new_models) as new_models,
        sum(members.new_models * members.weight) as weighted_new_models,
        sum(members.downloads_30d * members.weight) as downloads_30d,
        sum(members.downloads_all_time * members.weight) as downloads_all_time,
        sum(members.listed_all_time) filter (where members.definition = 'organisation')
            as listed_all_time,
        sum(members.net * members.weight) as net
    from members
    left join family_countries
        on members.family = family_countries.family
    where {{ computed_once() }}
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
        listed_all_time,
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
        cast(null as bigint) as listed_all_time,
        net
    from spread
)

select
    placed.snapshot_date,
    placed.activity_date,
    placed.definition,
    placed.family,
    placed.licence_class,
    placed.access_class,
    placed.relation_kind,
    placed.is_relation_suspect,
    placed.country,
    placed.base_country,
    placed.model_kind,
    {{ whole_number('sum(placed.models)') }} as models,
    sum(placed.weighted_models) as weighted_models,
    {{ whole_number('sum(placed.new_models)') }} as new_models,
    sum(placed.weighted_new_models) as weighted_new_models,
    sum(placed.downloads_30d) as downloads_30d,
    sum(placed.downloads_all_time) as downloads_all_time,
    {{ whole_number('sum(placed.listed_all_time)') }} as listed_all_time,
    sum(placed.net) as net,
    snapshots.usable
from placed
inner join snapshots
    on placed.snapshot_date = snapshots.snapshot_date
group by all
order by placed.snapshot_date, placed.definition, placed.family
