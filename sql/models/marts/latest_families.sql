{{ published_view() }}
with newest as (
    select
        max(activity_date) as as_of,
        {{ value_at_greatest('scope', 'activity_date') }} as scope
    from {{ ref('fct_family_adoption_daily') }}
    where not is_interpolated
)

select
    families.family,
    families.name,
    families.company,
    families.country_group,
    newest.as_of,
    families.models_lineage as models,
    families.derivatives,
    families.downloads_30d_lineage as downloads_30d,
    families.downloads_all_time_organisation as downloads_by_own_accounts,
    families.downloads_all_time_lineage as downloads_with_derivatives,
    families.downloads_all_time_lineage_clean as downloads_without_tests,
    families.downloads_all_time_curated as downloads_of_main_models,
    case
        when newest.scope = 'census' then 'every public model is counted; '
        else 'a floor: smaller models are not listed; '
    end
    || 'the four downloads count by four definitions' as how_sure
from {{ ref('dim_families') }} as families
cross join newest
where families.models_lineage > 0
