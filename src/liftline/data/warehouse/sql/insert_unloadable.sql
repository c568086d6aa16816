-- Grain: one row per line that could not be loaded; what could be read of it beside its bytes.
insert into raw.quarantine
values (
    $ordinal, 'load_failure', 'warehouse.load_failure', $message,
    'read the record in `raw`, mend what wrote it, and send the event again',
    $project, $environment, $source_id, $message_id, $name, $raw, $received_at, null, $events
)
