-- When a family crossed each 100 million, by each definition
select
    definition,
    family,
    milestone,
    reached_after,
    reached_by,
    is_event,
    is_interpolated,
    downloads_all_time_then
from fct_family_milestones
order by family, definition, milestone;
