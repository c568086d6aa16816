-- Grain: one row per project, environment, source and received minute.
-- Invariant: received = accepted + duplicate + semantic_duplicate + conflict + rejected + erased.
select
    project,
    environment,
    source_id,
    received_minute,
    received,
    accepted,
    duplicate,
    semantic_duplicate,
    conflict,
    rejected,
    erased
from {{ source('raw', 'ledger') }}
