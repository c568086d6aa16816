"""Which statements only read: one SELECT, or the plan of one, from tables and not from files."""

from __future__ import annotations

import json
import re
import threading
from typing import Final

import duckdb

from liftline.data.warehouse.contracts import QueryError

_EXPLAIN: Final = re.compile(r"\s*explain\b", re.IGNORECASE)
_FILE_FUNCTION: Final = re.compile(
    r"(read|write|scan|sniff|parquet|query|st_read|iceberg|delta|sqlite|postgres)_.*|.*_scan"
    r"|glob|query|which_secret|duckdb_secrets"
)
"""Functions that reach files, or run SQL out of a text that nobody has looked at."""
_FILE_NAME: Final = re.compile(r"[/\\.*?:]")
_CURE: Final = "send a single SELECT; EXPLAIN takes one too, EXPLAIN ANALYZE is refused"


class StatementCheck:
    """Looks at statements before they run. Safe from many threads."""

    def __init__(self) -> None:
        self._parser = duckdb.connect(":memory:")
        self._lock = threading.Lock()

    def reading_statement(self, sql: str) -> duckdb.Statement:
        """The one statement in `sql`. Raises QueryError for anything that does more than read.

        EXPLAIN ANALYZE runs what it explains, settings and COPY too, so only the plain form
        passes, and only before a SELECT.
        """
        statement = _only_one(sql)
        selected = sql
        if statement.type == duckdb.StatementType.EXPLAIN:
            selected = _EXPLAIN.sub("", statement.query, count=1)
            if _only_one(selected).type != duckdb.StatementType.SELECT:
                raise QueryError("EXPLAIN takes one SELECT", cure=_CURE)
        elif statement.type != duckdb.StatementType.SELECT:
            raise QueryError("only one SELECT at a time", cure=_CURE)
        self._refuse_files(selected)
        return statement

    def _refuse_files(self, sql: str) -> None:
        """The loader's spool lies within DuckDB's reach; readers have no business there."""
        with self._lock:
            row = self._parser.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchone()
        tree = json.loads(row[0]) if row else {"error": True}
        if tree["error"]:
            raise QueryError("that statement cannot be looked into", cure=_CURE)
        waiting: list[object] = [tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                waiting += node.values()
                _refuse_file(node)


def _refuse_file(node: dict[str, object]) -> None:
    function, table = node.get("function_name"), node.get("table_name")
    if isinstance(function, str) and _FILE_FUNCTION.fullmatch(function.lower()):
        raise QueryError(f"{function} is out of reach for queries", cure="read tables only")
    is_table = node.get("type") == "BASE_TABLE" and isinstance(table, str)
    if is_table and _FILE_NAME.search(str(table)):
        raise QueryError("files are out of reach for queries", cure="read tables only")


def _only_one(sql: str) -> duckdb.Statement:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error).split("\n", 1)[0]) from error
    if len(statements) != 1:
        raise QueryError("only one SELECT at a time", cure=_CURE)
    return statements[0]
