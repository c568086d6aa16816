-- Grain: one row per stored event whose key hash (lower half) is also in the slice: mostly none.
-- This scans one 8-byte column of all events ever loaded; nothing else here grows with time.
create or replace temp table stored_keys as
select events.ordinal, events.key_low
from raw.events as events
join staged on staged.key_low = events.key_low
where staged.is_loadable and staged.kind = 'event'
group by all
