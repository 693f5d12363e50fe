{% set ages = [7, 14, 30, 60, 90, 180, 365] %}

with newest_snapshot as (
    select max(snapshot_date) as snapshot_date
    from {{ ref('stg_hub__snapshots') }}
),

-- the makers' own models: repacked copies of them are not rivals of the same age
released as (
    select
        states.model_key,
        cards.repo_id,
        states.organisation_family as family,
        cast(models.created_at as date) as created_date,
        coalesce(weights.safetensors_parameters, weights.gguf_parameters) as parameters
    from newest_snapshot
    inner join {{ ref('int_models__states') }} as states
        on
            {{ holds_on('states', 'newest_snapshot.snapshot_date') }}
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            states.model_key = cards.model_key
            and {{ holds_on('cards', 'newest_snapshot.snapshot_date') }}
    inner join {{ ref('stg_hub__models') }} as models
        on states.model_key = models.model_key
    left join {{ ref('stg_hub__weights') }} as weights
        on
            states.model_key = weights.model_key
            and {{ holds_on('weights', 'newest_snapshot.snapshot_date') }}
    where
        states.organisation_family is not null
        and states.relation_kind in ('undeclared', 'finetune', 'merge')
        and not states.is_test_repository
        and models.created_at is not null
),

sized as (
    select
        released.model_key,
        released.repo_id,
        released.family,
        released.created_date,
        size_classes.size_class
    from released
    left join {{ source('seeds', 'size_classes') }} as size_classes
        on
            released.parameters >= size_classes.min_parameters
            and (
                size_classes.below_parameters is null
                or released.parameters < size_classes.below_parameters
            )
),

ages as (
    {% for age in ages %}
        select {{ age }} as age_days
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

-- ages inside our history only: what a model had at an age before it is not known
checkpoints as (
    select
        sized.model_key,
        sized.repo_id,
        sized.family,
        sized.size_class,
        sized.created_date,
        ages.age_days,
        {{ days_after('sized.created_date', 'ages.age_days') }} as reached_date
    from sized
    cross join ages
),

measured as (
    select
        checkpoints.model_key,
        checkpoints.repo_id,
        checkpoints.family,
        checkpoints.size_class,
        checkpoints.created_date,
        checkpoints.age_days,
        checkpoints.reached_date,
        {{ quarter_start('checkpoints.reached_date') }} as quarter,
        downloads.cumulative as downloads_at_age
    from checkpoints
    cross join newest_snapshot
    left join {{ ref('int_model_downloads__daily') }} as downloads
        on
            checkpoints.model_key = downloads.model_key
            and checkpoints.reached_date = downloads.activity_date
            and downloads.days_to_observation <= 1
    where
        checkpoints.reached_date < newest_snapshot.snapshot_date
        and checkpoints.reached_date >= (
            select min(snapshots.activity_date)
            from {{ ref('stg_hub__snapshots') }} as snapshots
        )
),

quarters as (
    select distinct quarter
    from measured
),

ranked as (
    select
        quarters.quarter,
        measured.size_class,
        measured.age_days,
        measured.downloads_at_age,
        row_number() over (
            partition by quarters.quarter, measured.size_class, measured.age_days
            order by measured.downloads_at_age desc
        ) as rank_at_age,
        count(*) over (
            partition by quarters.quarter, measured.size_class, measured.age_days
        ) as models
    from quarters
    inner join measured
        on quarters.quarter > measured.reached_date
    where
        measured.downloads_at_age is not null
        and measured.size_class is not null
),

baselines as (
    select
        quarter,
        size_class,
        age_days,
        max(models) as models,
        max(downloads_at_age) filter (where rank_at_age = 10) as tenth_highest
    from ranked
    group by quarter, size_class, age_days
),

-- a young history has no finished quarter: the same against all that reached the age so far
so_far as (
    select
        model_key,
        age_days,
        count(*) over (partition by size_class, age_days) as models,
        rank() over (partition by size_class, age_days order by downloads_at_age desc)
            as rank_at_age,
        nth_value(downloads_at_age, 10) over (
            partition by size_class, age_days
            order by downloads_at_age desc
            rows between unbounded preceding and unbounded following
        ) as tenth_highest
    from measured
    where
        downloads_at_age is not null
        and size_class is not null
)

select
    models.hub_id,
    measured.repo_id,
    measured.family,
    measured.size_class,
    measured.created_date,
    measured.age_days,
    measured.reached_date,
    measured.downloads_at_age,
    measured.quarter as baseline_before,
    coalesce(baselines.models, 0) as baseline_models,
    baselines.tenth_highest as baseline,
    case
        when baselines.models >= thresholds.relative_adoption_min_models
            then measured.downloads_at_age / nullif(baselines.tenth_highest, 0)
    end as relative_adoption,
    case
        when measured.size_class is null then 'size unknown'
        when measured.downloads_at_age is null then 'no count at this age'
        when coalesce(baselines.models, 0) < thresholds.relative_adoption_min_models
            then
                'only ' || coalesce(baselines.models, 0) || ' of '
                || {{ whole_number('thresholds.relative_adoption_min_models') }}
                || ' models of the size class reached this age before '
                || measured.quarter
        when baselines.tenth_highest = 0 then 'baseline is zero'
    end as reason,
    {{ whole_number('so_far.rank_at_age') }} as rank_at_age_so_far,
    so_far.models as models_at_age_so_far,
    case
        when so_far.models >= thresholds.relative_adoption_min_models
            then measured.downloads_at_age / nullif(so_far.tenth_highest, 0)
    end as relative_adoption_so_far
from measured
inner join {{ ref('stg_hub__models') }} as models
    on measured.model_key = models.model_key
cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
left join baselines
    on
        measured.quarter = baselines.quarter
        and measured.size_class = baselines.size_class
        and measured.age_days = baselines.age_days
left join so_far
    on
        measured.model_key = so_far.model_key
        and measured.age_days = so_far.age_days
order by measured.reached_date, measured.age_days, models.hub_id
