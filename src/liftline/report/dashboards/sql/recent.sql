-- One row: what arrived since $since, and whether anything ever did.
select
    coalesce(sum(accepted) filter (received_minute >= $since), 0)::bigint,
    coalesce(sum(rejected + conflict) filter (received_minute >= $since), 0)::bigint,
    count(*) > 0
from raw.ledger
where project = $project and environment = $environment
