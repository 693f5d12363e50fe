{{ published_view() }}
select
    published_at,
    snapshot_date,
    provenance,
    scope_id,
    about_date,
    figure,
    subject,
    definition,
    value,
    value_text,
    unit
from {{ ref('stg_headlines__figures') }}
