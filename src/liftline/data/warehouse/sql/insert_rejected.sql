-- Grain: one row per rejected record; past a source's cap one record stands for many events.
insert into raw.quarantine
select
    $first_ordinal + staged.rowid, 'rejected', code, coalesce(message, ''), coalesce(cure, ''),
    project, environment, source_id, message_id, name, raw_base64, received_at, plan_version,
    coalesce(events, 1)
from staged
where is_loadable and kind = 'rejected'
