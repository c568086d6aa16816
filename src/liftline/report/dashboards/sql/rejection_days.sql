-- Grain: one row per UTC day and reason of the range, the largest first.
select date_trunc('day', received_at) as day, code, sum(events)::bigint as events, max(received_at)
from raw.quarantine
where project = $project and environment = $environment
    and received_at >= $start and received_at < $end
group by day, code
order by events desc
limit 5
