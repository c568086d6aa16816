-- Every event received is accounted for, three ways: each minute of the ledger balances; the
-- ledger's total is what the log's frames said was received; and the rows that exist are the
-- rows that the ledger counts. Returns one row per broken balance.
with totals as (
    select
        coalesce(sum(received), 0) as received,
        coalesce(sum(accepted + semantic_duplicate), 0) as stored,
        coalesce(sum(conflict + rejected), 0) as quarantined
    from {{ ref('ledger') }}
)

select 'a minute does not balance' as broken, received as expected,
    accepted + duplicate + semantic_duplicate + conflict + rejected + erased as actual
from {{ ref('ledger') }}
where received <> accepted + duplicate + semantic_duplicate + conflict + rejected + erased

union all

select 'the ledger is not what the log received', load_offset.received, totals.received
from totals cross join {{ source('raw', 'load_offset') }} as load_offset
where load_offset.received <> totals.received

union all

select 'events are not what the ledger accepted', totals.stored, stored.events
from totals cross join (select count(*) as events from {{ source('raw', 'events') }}) as stored
where totals.stored <> stored.events

union all

select 'quarantine is not what the ledger set aside', totals.quarantined, kept.events
from totals
cross join (select coalesce(sum(events), 0) as events from {{ source('raw', 'quarantine') }}) as kept
where totals.quarantined <> kept.events
