-- Grain: one row per deployment event of the range, newest first.
select
    event_at,
    coalesce(properties ->> '$.service', 'a service'),
    coalesce(properties ->> '$.target', ''),
    coalesce(properties ->> '$.commit_sha', ''),
    coalesce(properties ->> '$.status', '')
from raw.events
where project = $project and environment = $environment and name = 'deployment'
    and event_at >= $start and event_at < $end
order by event_at desc
limit 20
