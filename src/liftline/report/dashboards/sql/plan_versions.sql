-- Grain: one row per version of the tracking plan first used inside the range.
select plan_version, min(received_at) as first_at
from raw.events
where project = $project and environment = $environment
group by plan_version
having min(received_at) >= $start and min(received_at) < $end
order by first_at desc
limit 20
