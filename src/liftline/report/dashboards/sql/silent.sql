-- Grain: one row per source that sent in at least $hours of the 24 hours before $since, and not
-- since then.
select source_id, max(received_minute) as last_at
from raw.ledger
where project = $project and environment = $environment and received_minute >= $day_before
group by source_id
having max(received_minute) < $since
    and count(distinct date_trunc('hour', received_minute)) >= $hours
order by last_at
