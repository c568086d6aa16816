-- Grain: one row per line of the slice, in line order (rowid = line number).
-- Invariant: a line that cannot be loaded is a row with is_loadable false, never missing.
create or replace temp table staged as
select
    * exclude (key_hash),
    -- Halves of one hash: md5_number_lower() and _upper() hash twice and take 5 times as long.
    (key_hash >> 64)::ubigint as key_low,
    (key_hash & 18446744073709551615::uhugeint)::ubigint as key_high,
    coalesce(
        case kind
            when 'event' then
                project is not null and environment is not null and source_id is not null
                and message_id is not null and type is not null and name is not null
                and event_at is not null and received_at is not null and sender is not null
                and plan_version is not null and is_planned is not null
                and is_historical is not null and id_minted is not null
                and properties is not null and context is not null
            when 'rejected' then
                project is not null and environment is not null and source_id is not null
                and code is not null and received_at is not null
                and coalesce(events, 1) >= 1
        end,
        false
    ) as is_loadable
from (select *, md5_number(raw.key_text(source_id, message_id)) as key_hash from read_ndjson(
    $file,
    columns = {
        kind: 'VARCHAR', project: 'VARCHAR', environment: 'VARCHAR', source_id: 'VARCHAR',
        message_id: 'VARCHAR', type: 'VARCHAR', name: 'VARCHAR', user_id: 'VARCHAR',
        anonymous_id: 'VARCHAR', timestamp: 'VARCHAR', event_at: 'TIMESTAMP',
        sent_at: 'TIMESTAMP', received_at: 'TIMESTAMP', sender: 'VARCHAR',
        plan_version: 'INTEGER', is_planned: 'BOOLEAN', is_historical: 'BOOLEAN',
        id_minted: 'BOOLEAN', business_key: 'VARCHAR', properties: 'JSON', context: 'JSON',
        code: 'VARCHAR', message: 'VARCHAR', cure: 'VARCHAR', raw_base64: 'VARCHAR',
        events: 'BIGINT'
    },
    auto_detect = false,
    format = 'newline_delimited'
))
