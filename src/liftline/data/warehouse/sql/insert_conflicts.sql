-- Grain: one row per event that reused a key with another body.
insert into raw.quarantine
select
    $first_ordinal + staged.rowid, 'conflict', 'warehouse.conflict',
    'the message id was used before, by record ' || repeats.first_ordinal || ', with another body',
    'give each event its own message id, and retry an event unchanged',
    project, environment, source_id, message_id, name,
    to_base64(encode(to_json({
        project: project, environment: environment, source_id: source_id,
        message_id: message_id, type: type, name: name, user_id: user_id,
        anonymous_id: anonymous_id, timestamp: "timestamp", event_at: event_at,
        sent_at: sent_at, received_at: received_at, properties: properties, context: context
    })::varchar)),
    received_at, plan_version, 1
from staged
join repeats on repeats.line = staged.rowid
where repeats.verdict = 'conflict'
