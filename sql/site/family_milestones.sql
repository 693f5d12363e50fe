-- Milestones of cumulative downloads that the family passed in our days
select
    definition,
    milestone,
    reached_after,
    reached_by
from fct_family_milestones
where family = $key and is_event
order by milestone desc, definition asc;
