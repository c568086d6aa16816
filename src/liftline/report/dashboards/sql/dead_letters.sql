-- Grain: one row per reason and source of one project and environment, over the range.
select
    code, source_id, sum(events)::bigint as events, max(received_at) as last_at,
    arg_max(message, received_at), arg_max(cure, received_at)
from raw.quarantine
where project = $project and environment = $environment
    and received_at >= $start and received_at < $end
group by code, source_id
order by events desc, code
