-- Grain: one row per event name first received inside the range.
select name, min(received_at) as first_at
from raw.events
where project = $project and environment = $environment
group by name
having min(received_at) >= $start and min(received_at) < $end
order by first_at desc
limit 200
