-- Grain: one row per source of one project and environment, over the range.
select
    source_id,
    sum(received)::bigint, sum(accepted)::bigint, sum(duplicate)::bigint,
    sum(semantic_duplicate)::bigint, sum(conflict)::bigint, sum(rejected)::bigint,
    sum(erased)::bigint
from raw.ledger
where project = $project and environment = $environment
    and received_minute >= $start and received_minute < $end
group by source_id
order by 2 desc, source_id
