-- What did we say about a day, when, and what do we say of it now? (here: Qwen by lineage)
select
    said.about_date,
    said.published_at,
    cast(said.value as bigint) as published_value,
    cast(now_known.downloads_all_time as bigint) as value_now,
    said.provenance
from fct_headline_history as said
left join fct_family_adoption_daily as now_known
    on
        said.about_date = now_known.activity_date
        and said.subject = now_known.family
        and said.definition = now_known.definition
where
    said.figure = 'family_downloads_all_time'
    and said.subject = 'qwen'
    and said.definition = 'lineage'
order by said.about_date desc, said.published_at desc;
