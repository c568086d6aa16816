-- At most one row: the event at one place of the log.
select
    ordinal, received_at, event_at, type, name, source_id, sender, user_id, anonymous_id,
    message_id, is_planned, is_historical, is_semantic_duplicate, left(properties::varchar, 160),
    properties::varchar, context::varchar
from raw.events
where ordinal = $ordinal and project = $project and environment = $environment
