with authors as (
    select
        company,
        author,
        models_dev_provider as provider
    from {{ source('seeds', 'api_authors') }}
    where company is not null
),

own_providers as (
    select
        provider,
        min(company) as company
    from authors
    where provider is not null
    group by provider
),

-- a maker that the name of a model may begin with
openings as (
    select
        company,
        {{ model_words('company') }} as words
    from authors
    union
    select
        company,
        {{ model_words('author') }} as words
    from authors
),

accounts as (
    select
        company,
        words
    from openings
    union
    select
        company,
        {{ model_words('provider') }} as words
    from own_providers
    union
    select
        company,
        {{ model_words('publisher') }} as words
    from {{ source('seeds', 'publishers') }}
    where company is not null
),

account_makers as (
    select
        words,
        min(company) as company
    from accounts
    where words is not null
    group by words
),

-- an offer without a name has its id, without what a cloud writes around it
offers as (
    select
        provider,
        model_id,
        valid_from,
        {{ model_words('name') }} as name_words,
        {{ model_words(
            replaced(
                replaced(replaced('model_id', '^.*/', ''), '(-v[0-9]+)?:[a-zA-Z0-9]+$', ''),
                '^([a-z]+\\.)+([a-z])', '\\2'
            )
        ) }} as id_words,
        coalesce(
            {{ extracted(
                "case when name not like '% %' then name end", '(?:^|[/:])([^/:]+)/[^/]*$'
            ) }},
            {{ extracted('model_id', '(?:^|[/:])([^/:]+)/[^/]*$') }},
            {{ extracted('model_id', '([a-z0-9]+)\\.[a-z][^./]*$') }}
        ) as account
    from {{ ref('stg_models_dev__offers') }}
    where is_listed
),

named as (
    select
        provider,
        model_id,
        valid_from,
        coalesce(name_words, id_words, lower(model_id)) as words,
        {{ model_words('account') }} as account_words
    from offers
),

-- "OpenAI o1" is o1; of "meta" and "meta llama" the company alone falls away
opened as (
    select
        named.provider,
        named.model_id,
        named.valid_from,
        {{ value_at_least('openings.company', 'length(openings.words)') }} as company,
        min(length(openings.words)) as letters
    from named
    inner join openings
        on {{ begins_with('named.words', "openings.words || ' '") }}
    group by named.provider, named.model_id, named.valid_from
),

keyed as (
    select
        named.provider,
        named.model_id,
        named.valid_from,
        {{ sorted_words('substr(named.words, coalesce(opened.letters + 2, 1))') }} as model_key,
        coalesce(opened.company, account_makers.company) as stated_company,
        own_providers.company as own_company
    from named
    left join opened
        on
            named.provider = opened.provider
            and named.model_id = opened.model_id
            and named.valid_from = opened.valid_from
    left join account_makers
        on named.account_words = account_makers.words
    left join own_providers
        on named.provider = own_providers.provider
),

-- whose a model is, where its offer does not say: whose most others say, else the provider's own
votes as (
    select
        model_key,
        coalesce(stated_company, own_company) as company,
        stated_company is null as is_guess,
        count(*) as offers
    from keyed
    where coalesce(stated_company, own_company) is not null
    group by model_key, coalesce(stated_company, own_company), stated_company is null
),

makers as (
    select
        model_key,
        company
    from votes
    qualify
        row_number() over (
            partition by model_key
            order by is_guess asc, offers desc, company asc
        ) = 1
)

select
    keyed.provider,
    keyed.model_id,
    keyed.valid_from,
    keyed.model_key,
    coalesce(keyed.stated_company, makers.company) as company,
    coalesce(keyed.own_company = coalesce(keyed.stated_company, makers.company), false)
        as is_own
from keyed
left join makers
    on keyed.model_key = makers.model_key
