-- The one row of load_offset, moved in the transaction of the rows it stands for.
update raw.load_offset
set epoch = $epoch, sequence = $sequence, "offset" = $offset, log_id = $log_id,
    next_ordinal = $next_ordinal, records = records + $records,
    received = received + $received,
    as_of = greatest(as_of, (select max(received_at) from staged where is_loadable))
