-- Grain of the ledger: one row per project, environment, source and received minute.
merge into raw.ledger as ledger
using tally
on ledger.project = tally.project
    and ledger.environment = tally.environment
    and ledger.source_id = tally.source_id
    and ledger.received_minute = tally.received_minute
when matched then update set
    received = ledger.received + tally.received,
    accepted = ledger.accepted + tally.accepted,
    duplicate = ledger.duplicate + tally.duplicate,
    semantic_duplicate = ledger.semantic_duplicate + tally.semantic_duplicate,
    conflict = ledger.conflict + tally.conflict,
    rejected = ledger.rejected + tally.rejected,
    erased = ledger.erased + tally.erased
when not matched then insert
