{{ config(tags=['hourly']) }}
-- Exactly once: no (source_id, message_id) is in events twice. The hash narrows the search,
-- the originals decide.
with repeated as (
    select key_low
    from {{ source('raw', 'events') }}
    group by key_low
    having count(*) > 1
)

select source_id, message_id, count(*) as copies
from {{ source('raw', 'events') }}
where key_low in (select key_low from repeated)
group by source_id, message_id
having count(*) > 1
