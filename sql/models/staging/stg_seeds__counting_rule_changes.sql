select
    rule_change,
    effective_date,
    date_precision,
    applies_to_kind,
    applies_to,
    change,
    source
from {{ source('seeds', 'counting_rule_changes') }}
