-- The one row of load_offset, moved over the seam between two segments: no records there.
update raw.load_offset
set epoch = $epoch, sequence = $sequence, "offset" = $offset, log_id = $log_id
