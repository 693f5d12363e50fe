-- Other reasons for a move in those days, as reported
select
    confounder_date,
    what,
    verified,
    source
from dim_confounders
where
    confounder_date between $day - 7 and $day + 7
    and (
        affected_company = $company
        or (
            affected_company is null
            and (
                affected_country is null
                or affected_country in (
                    select country from companies where company = $company
                )
            )
        )
    )
order by confounder_date, confounder
