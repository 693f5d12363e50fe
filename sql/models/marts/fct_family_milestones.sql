select
    definition,
    family,
    milestone,
    reached_after,
    reached_by,
    is_event,
    is_interpolated,
    is_by_scope_change,
    downloads_all_time_then
from {{ ref('int_families__milestones') }}
order by definition, family, milestone
