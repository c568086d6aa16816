"""The loader's reference: the same rows into the same table, with nothing checked.

One slice of the log goes through a temporary file into `raw.events` in one transaction
with the offset, exactly as the loader does it. What is left out is what the loader is
judged for: no anti-join, no de-duplication, no business keys, no ledger. Frozen before the
loader existed; change it only to keep the columns of `raw.events` the same, or to make it
faster (it hashes once since the loader does).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

COLUMNS = {
    "project": "VARCHAR",
    "environment": "VARCHAR",
    "source_id": "VARCHAR",
    "message_id": "VARCHAR",
    "type": "VARCHAR",
    "name": "VARCHAR",
    "user_id": "VARCHAR",
    "anonymous_id": "VARCHAR",
    "timestamp": "VARCHAR",
    "event_at": "TIMESTAMP",
    "sent_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "sender": "VARCHAR",
    "plan_version": "INTEGER",
    "is_planned": "BOOLEAN",
    "is_historical": "BOOLEAN",
    "id_minted": "BOOLEAN",
    "business_key": "VARCHAR",
    "properties": "JSON",
    "context": "JSON",
}

INSERT = """
insert into raw.events (
    ordinal, project, environment, source_id, message_id, key_low, key_high, type, name,
    user_id, anonymous_id, original_timestamp, event_at, sent_at, received_at, sender,
    plan_version, is_planned, is_historical, id_minted, is_semantic_duplicate, business_key,
    properties, context
)
select
    $first_ordinal + row_number() over () - 1, project, environment, source_id, message_id,
    (key_hash >> 64)::ubigint, (key_hash & 18446744073709551615::uhugeint)::ubigint,
    type, name, user_id, anonymous_id, "timestamp", event_at, sent_at, received_at, sender,
    plan_version, is_planned, is_historical, id_minted, false, business_key,
    properties, context
from (
    select *, md5_number(length(source_id) || ':' || source_id || message_id) as key_hash
    from read_ndjson(
        $file, columns = {columns}, auto_detect = false, format = 'newline_delimited'
    )
)
"""


def plain_insert(
    connection: duckdb.DuckDBPyConnection, payload: bytes, first_ordinal: int, spool: Path
) -> None:
    """Insert a slice's lines and move the offset, in one transaction."""
    file = spool / "plain.ndjson"
    file.write_bytes(payload)
    columns = "{" + ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items()) + "}"
    connection.execute("begin transaction")
    connection.execute(
        INSERT.replace("{columns}", columns),
        {"first_ordinal": first_ordinal, "file": str(file)},
    )
    connection.execute(
        'update raw.load_offset set "offset" = "offset" + $bytes', {"bytes": len(payload)}
    )
    connection.execute("commit")
