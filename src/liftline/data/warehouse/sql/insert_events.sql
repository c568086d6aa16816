-- Grain: one row per line that is the first with its key.
insert into raw.events
select
    $first_ordinal + staged.rowid, project, environment, source_id, message_id, key_low, key_high,
    type, name, user_id, anonymous_id, "timestamp", event_at, sent_at, received_at, sender,
    plan_version, is_planned, is_historical, id_minted,
    staged.rowid in (select line from keyed where is_repeat), business_key, properties, context
from staged
where is_loadable and kind = 'event' and staged.rowid not in (select line from repeats)
