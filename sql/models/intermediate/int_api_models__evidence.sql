with sold as (
    select distinct api_model
    from {{ ref('stg_openrouter__tokens') }}
    where not is_other
),

-- a name as it is, and without the day of a snapshot at its end
names as (
    select
        api_model,
        split_part(api_model, '/', 1) as author,
        api_model as full_name
    from sold
    union
    select
        api_model,
        split_part(api_model, '/', 1) as author,
        {{ without_date('api_model') }} as full_name
    from sold
),

known_names as (
    select
        names.api_model,
        names.full_name,
        lower(split_part(names.full_name, '/', 2)) as short_name,
        authors.company,
        authors.models_dev_provider
    from names
    left join {{ source('seeds', 'api_authors') }} as authors
        on names.author = authors.author
),

stated as (
    select distinct
        known_names.api_model,
        1 as precedence,
        'seed' as decided_by,
        classes.api_class,
        'seed api_model_classes: ' || classes.source as evidence,
        coalesce(classes.since_date, date '0001-01-01') as valid_from,
        cast(null as date) as valid_to,
        cast(null as date) as seen_date
    from known_names
    inner join {{ source('seeds', 'api_model_classes') }} as classes
        on {{ matches_whole('known_names.full_name', 'classes.permaslug_pattern') }}
),

makers as (
    select
        publisher,
        company
    from {{ source('seeds', 'publishers') }}
    where company is not null
),

on_the_hub as (
    select
        known_names.api_model,
        cards.model_key,
        min(cards.repo_id) as repo_id
    from {{ ref('stg_hub__cards') }} as cards
    inner join makers
        on cards.publisher = makers.publisher
    inner join known_names
        on
            makers.company = known_names.company
            and lower(split_part(cards.repo_id, '/', 2)) = known_names.short_name
    group by known_names.api_model, cards.model_key
),

-- weights that everybody can take are open; weights that not everybody can take prove nothing
published as (
    select
        on_the_hub.api_model,
        2 as precedence,
        'hub' as decided_by,
        'open' as api_class,
        'Hub ' || on_the_hub.repo_id || ', access ' || classes.access_class as evidence,
        case
            when
                row_number() over (
                    partition by on_the_hub.api_model, classes.model_key
                    order by classes.valid_from
                ) = 1
                then least(classes.valid_from, cast(models.created_at as date))
            else classes.valid_from
        end as valid_from,
        classes.valid_to,
        classes.valid_from as seen_date,
        classes.is_open_weights
    from on_the_hub
    inner join {{ ref('int_models__classified') }} as classes
        on on_the_hub.model_key = classes.model_key
    inner join {{ ref('stg_hub__models') }} as models
        on on_the_hub.model_key = models.model_key
),

-- an offer that leaves the catalogue does not take back what it said of the weights; the maker's
-- own comes before a host's, and a variant (:free) has the weights of its model
catalogued as (
    select
        known_names.api_model,
        case offers.provider when known_names.models_dev_provider then 3 else 4 end
            as precedence,
        'models_dev' as decided_by,
        case when offers.open_weights then 'open' else 'closed' end as api_class,
        'models.dev ' || offers.provider || ': ' || offers.model_id as evidence,
        case
            when
                row_number() over (
                    partition by known_names.api_model, offers.provider, offers.model_id
                    order by offers.valid_from
                ) = 1
                then least(offers.valid_from, coalesce(offers.release_date, offers.valid_from))
            else offers.valid_from
        end as valid_from,
        lead(offers.valid_from) over (
            partition by known_names.api_model, offers.provider, offers.model_id
            order by offers.valid_from
        ) as valid_to,
        offers.valid_from as seen_date
    from {{ ref('stg_models_dev__offers') }} as offers
    inner join known_names
        on
            (
                offers.provider = 'openrouter'
                and split_part(offers.model_id, ':', 1) = known_names.full_name
            )
            or (
                offers.provider = known_names.models_dev_provider
                and offers.model_id = split_part(known_names.full_name, '/', 2)
            )
    where
        offers.is_listed
        and offers.open_weights is not null
)

select
    api_model,
    precedence,
    decided_by,
    api_class,
    evidence,
    valid_from,
    valid_to,
    seen_date
from stated
union all
select
    api_model,
    precedence,
    decided_by,
    api_class,
    evidence,
    valid_from,
    valid_to,
    seen_date
from published
where is_open_weights
union all
select
    api_model,
    precedence,
    decided_by,
    api_class,
    evidence,
    valid_from,
    valid_to,
    seen_date
from catalogued
