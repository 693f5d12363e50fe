-- Corrado and Zivney's statistic: the mean rank of a session over the events, against how much it
-- moves over all sessions, which holds whatever the events have in common
with by_session as (
    select
        members.pool,
        members.window_start,
        members.window_end,
        ranks.relative_session,
        sum(ranks.centred_rank) / sqrt(count(*)) as scaled_rank
    from {{ ref('int_event_study__pool_members') }} as members
    inner join {{ ref('int_event_study__ranks') }} as ranks
        on
            members.event_id = ranks.event_id
            and members.ticker = ranks.symbol
            and members.model = ranks.model
    where members.is_testable
    group by
        members.pool, members.window_start, members.window_end, ranks.relative_session
)

select
    pool,
    sum(scaled_rank) filter (where relative_session between window_start and window_end)
    / sqrt(window_end - window_start + 1)
    / nullif(sqrt(avg(scaled_rank * scaled_rank)), 0) as corrado_z
from by_session
group by pool, window_start, window_end
