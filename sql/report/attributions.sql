-- What sources ask to be said wherever their numbers are
select
    name,
    attribution,
    licence,
    terms
from about_sources
order by name;
