"""A fingerprint of a table that does not depend on the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

PROOF_TABLES = ("raw.events", "raw.quarantine", "raw.ledger", "raw.business_firsts")
"""What a rebuild must reproduce row by row; the tables dbt builds come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Number of rows, and the sums of both halves of each row's 128-bit hash.

    Sums and not exclusive-or: two copies of one row must not cancel out.
    """

    rows: int
    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.rows} rows {(self.high << 64 ^ self.low) % 2**128:032x}"


def digest(cursor: duckdb.DuckDBPyConnection, table: str) -> Digest:
    """The multiset digest of a table: all columns of all rows, by name."""
    schema, name = table.split(".", 1)
    row = cursor.execute(
        "select count(*), coalesce(sum((hash >> 64)::ubigint::hugeint), 0),"
        " coalesce(sum((hash & 18446744073709551615::uhugeint)::ubigint::hugeint), 0)"
        f' from (select md5_number(to_json(t)::varchar) as hash from "{schema}"."{name}" as t)'
    ).fetchone()
    assert row is not None
    return Digest(rows=row[0], low=int(row[1]), high=int(row[2]))


def digests(cursor: duckdb.DuckDBPyConnection) -> dict[str, Digest]:
    """Digests of everything a rebuild must reproduce, by table, marts included."""
    marts = cursor.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where schema_name <> 'raw' and database_name = current_database() order by 1"
    ).fetchall()
    return {table: digest(cursor, table) for table in (*PROOF_TABLES, *(m[0] for m in marts))}
