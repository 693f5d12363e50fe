-- What sources ask to be said wherever their numbers are
select distinct attribution
from about_sources
where attribution is not null
order by attribution;
