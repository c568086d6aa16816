-- Grain: one row per line that could not be loaded; what could be read of it beside its bytes.
-- Parameters are lists of one length: a statement for each line would take minutes for many.
insert into raw.quarantine
select
    unnest($ordinal), 'load_failure', 'warehouse.load_failure', unnest($message),
    'read the record in `raw`, mend what wrote it, and send the event again',
    unnest($project), unnest($environment), unnest($source_id),
    unnest($message_id::varchar[]), unnest($name::varchar[]), unnest($raw),
    unnest($received_at), null, unnest($events)
