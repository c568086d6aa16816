-- Grain: one row per line that is not the first with its (source_id, message_id), for all time.
-- verdict: `duplicate` when type, name, ids, original timestamp and properties are those of
-- the first, else `conflict`. The hash only narrows the search; the originals decide, so two
-- keys with one hash are both kept.
create or replace temp table repeats as
with suspects as (
    select key_low from stored_keys
    union
    select key_low
    from staged
    where is_loadable and kind = 'event'
    group by key_low
    having count(*) > 1
),

candidates as (
    select
        events.ordinal, -1 as line, source_id, message_id,
        {
            type: type, name: name, user_id: user_id, anonymous_id: anonymous_id,
            stamp: original_timestamp, properties: properties::varchar
        } as body
    from raw.events as events
    join stored_keys on stored_keys.ordinal = events.ordinal
    union all
    select
        $first_ordinal + staged.rowid, staged.rowid, source_id, message_id,
        {
            type: type, name: name, user_id: user_id, anonymous_id: anonymous_id,
            stamp: "timestamp", properties: properties::varchar
        }
    from staged
    where is_loadable and kind = 'event' and key_low in (select key_low from suspects)
),

compared as (
    select
        line,
        ordinal,
        first_value(ordinal) over same_key as first_ordinal,
        body is not distinct from first_value(body) over same_key as is_same
    from candidates
    window same_key as (partition by source_id, message_id order by ordinal)
)

select line, case when is_same then 'duplicate' else 'conflict' end as verdict, first_ordinal
from compared
where line >= 0 and ordinal <> first_ordinal
