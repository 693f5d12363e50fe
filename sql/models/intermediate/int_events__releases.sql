with snapshots as (
    select
        snapshot_date,
        captured_at,
        lag(captured_at) over (order by snapshot_date) as previous_captured_at,
        lag(snapshot_date) over (order by snapshot_date) as previous_snapshot_date,
        min(captured_at) over () as first_captured_at
    from {{ ref('stg_hub__snapshots') }}
),

first_states as (
    select
        cards.model_key,
        cards.valid_from as first_seen_date,
        cards.repo_id,
        publishers.company,
        publishers.family,
        row_number() over (partition by cards.model_key order by cards.valid_from) = 1
            as is_first,
        states.relation_kind,
        states.is_test_repository
    from {{ ref('stg_hub__cards') }} as cards
    inner join {{ source('seeds', 'publishers') }} as publishers
        on
            cards.publisher = publishers.publisher
            and publishers.follow_all
    inner join {{ ref('int_models__states') }} as states
        on
            cards.model_key = states.model_key
            and {{ holds_on('states', 'cards.valid_from') }}
    inner join {{ ref('int_companies__listings') }} as listings
        on
            publishers.company = listings.company
            and listings.is_primary_listing
),

released as (
    select
        first_states.model_key,
        first_states.first_seen_date,
        first_states.repo_id,
        first_states.company,
        first_states.family,
        models.created_at,
        case
            when models.created_at > snapshots.previous_captured_at then models.created_at
            else snapshots.captured_at
        end as event_at,
        {{ days_between('snapshots.previous_snapshot_date', 'snapshots.snapshot_date') }} = 1
            as is_day_known
    from first_states
    inner join {{ ref('stg_hub__models') }} as models
        on first_states.model_key = models.model_key
    inner join {{ ref('int_models__classified') }} as classified
        on
            first_states.model_key = classified.model_key
            and {{ holds_on('classified', 'first_states.first_seen_date') }}
    inner join snapshots
        on first_states.first_seen_date = snapshots.snapshot_date
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    where
        first_states.is_first
        and first_states.relation_kind = 'undeclared'
        and not first_states.is_test_repository
        and classified.is_open_weights
        and models.created_at > snapshots.first_captured_at
        and {{ days_between('models.created_at', 'first_states.first_seen_date') }}
        <= thresholds.release_max_days_unseen
),

liked as (
    select
        released.model_key,
        max(counters.likes) as likes
    from released
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    inner join {{ ref('stg_hub__counters') }} as counters
        on
            released.model_key = counters.model_key
            and released.first_seen_date <= counters.snapshot_date
    where
        {{ days_between('released.first_seen_date', 'counters.snapshot_date') }}
        <= thresholds.release_likes_days
    group by released.model_key
)

select
    released.model_key,
    released.repo_id,
    released.company,
    released.family,
    released.first_seen_date,
    released.created_at,
    released.event_at,
    released.is_day_known,
    liked.likes
from released
inner join liked
    on released.model_key = liked.model_key
cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
where liked.likes >= thresholds.release_min_likes
