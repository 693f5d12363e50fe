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
from {{ source('raw', 'headline_figures') }}
