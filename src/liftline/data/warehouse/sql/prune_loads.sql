-- Load history is bounded; the ledger and the offset keep the totals.
delete from raw.loads where committed_at < $before
