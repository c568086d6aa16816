-- Load history is bounded.
delete from raw.delays where committed_at < $before
