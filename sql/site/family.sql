-- The family now, by each definition
select
    families.family,
    families.name,
    families.company,
    families.derivatives,
    latest.as_of,
    latest.how_sure,
    unnest([
        {
            definition: 'lineage', models: models_lineage, downloads_30d: downloads_30d_lineage,
            downloads_all_time: downloads_all_time_lineage
        },
        {
            definition: 'lineage_clean', models: models_lineage_clean,
            downloads_30d: downloads_30d_lineage_clean,
            downloads_all_time: downloads_all_time_lineage_clean
        },
        {
            definition: 'organisation', models: models_organisation,
            downloads_30d: downloads_30d_organisation,
            downloads_all_time: downloads_all_time_organisation
        },
        {
            definition: 'curated', models: models_curated, downloads_30d: downloads_30d_curated,
            downloads_all_time: downloads_all_time_curated
        }
    ], recursive := true)
from dim_families as families
left join latest_families as latest on families.family = latest.family
where families.family = $key;
