"""Reading the warehouse: one statement, read-only, bounded in time, rows, bytes, number."""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from time import monotonic
from typing import Final

import duckdb

from liftline.data.warehouse.contracts import QueryError, Rows, Scalar, WarehouseAwayError
from liftline.data.warehouse.loader import read_offset
from liftline.data.warehouse.reading import StatementCheck
from liftline.data.warehouse.store import Store
from liftline.data.warehouse.wire import Parameters

ANSWER_MAX_BYTES: Final = 32 * 1024 * 1024
"""Rows past this many bytes of content are cut like rows past `max_rows`; a single value may
not be larger either.
"""
_FETCHED_AT_ONCE: Final = 256
_VALUE_BYTES: Final = 16
_INT64: Final = 2**63
_TIMEOUT_MAX_S: Final = 600.0


class QueryTimeoutError(QueryError):
    """The query took longer than its caller allowed."""

    code = "warehouse.query_timeout"
    default_cure = "narrow the time range, or allow more time"


class Reader:
    """Answers queries from one store.

    Each query has a cursor and a read-only transaction of its own, so it sees whole loads,
    and nothing it says can write; files are out of reach for SQL, and settings are locked.
    At most `slots` run at once; a caller waits for a slot no longer than its own timeout.
    """

    def __init__(self, store: Store, *, slots: int, max_rows: int) -> None:
        self._store = store
        self._slots = threading.BoundedSemaphore(slots)
        self._count = slots
        self._max_rows = max_rows
        self._check = StatementCheck()

    def query(
        self, sql: str, parameters: Parameters | None, *, max_rows: int, timeout_s: float
    ) -> Rows:
        """Run one reading statement. Raises QueryError, or WarehouseAwayError when all slots
        stay taken.
        """
        timeout_s = min(timeout_s, _TIMEOUT_MAX_S)
        statement = self._check.reading_statement(sql)
        used = _used_parameters(statement, parameters or {})
        if not self._slots.acquire(timeout=max(timeout_s, 0.0)):
            raise WarehouseAwayError("all query slots are taken", cure="ask again in a moment")
        try:
            return self._run(statement, used, min(max_rows, self._max_rows), timeout_s)
        finally:
            self._slots.release()

    def close(self, wait_s: float) -> bool:
        """Let running queries end and begin no other; False when some still run."""
        taken = 0
        deadline_s = monotonic() + wait_s
        while taken < self._count:
            if not self._slots.acquire(timeout=max(0.0, deadline_s - monotonic())):
                self._release(taken)
                return False
            taken += 1
        return True

    def reopen(self, store: Store) -> None:
        """After close(): answer from another store; waiting callers go on with that one."""
        self._store = store
        self._release(self._count)

    def _release(self, count: int) -> None:
        for _ in range(count):
            self._slots.release()

    def _run(
        self,
        statement: duckdb.Statement,
        parameters: dict[str, object],
        max_rows: int,
        timeout_s: float,
    ) -> Rows:
        cursor = self._store.cursor()
        watchdog = _Watchdog(cursor.interrupt, timeout_s)
        try:
            cursor.execute("begin transaction read only")
            as_of = read_offset(cursor).as_of
            cursor.execute(statement, parameters)
            columns = tuple(column[0] for column in cursor.description or ())
            rows, is_truncated = _fetch(cursor, max_rows)
        except duckdb.InterruptException as error:
            raise QueryTimeoutError(facts={"timeout_s": timeout_s}) from error
        except duckdb.OutOfMemoryException as error:
            cure = "narrow the query, or raise the warehouse's memory limit"
            raise QueryError(_first_line(error), cure=cure) from error
        except duckdb.Error as error:
            raise QueryError(_first_line(error)) from error
        finally:
            watchdog.cancel()
            cursor.close()
        return Rows(
            columns=columns,
            rows=rows,
            is_truncated=is_truncated,
            as_of=as_of,
        )


def _fetch(
    cursor: duckdb.DuckDBPyConnection, max_rows: int
) -> tuple[tuple[tuple[Scalar, ...], ...], bool]:
    """Rows until one of both bounds, and whether there were more."""
    rows: list[tuple[Scalar, ...]] = []
    size_bytes = 0
    for row in _rows_of(cursor):
        values = tuple(scalar(value) for value in row)
        size_bytes += sum(_size_bytes(value) for value in values)
        if size_bytes > ANSWER_MAX_BYTES and not rows:
            raise QueryError("one row alone is too large to send", cure="select less of it")
        if len(rows) == max_rows or size_bytes > ANSWER_MAX_BYTES:
            return tuple(rows), True
        rows.append(values)
    return tuple(rows), False


def _rows_of(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while fetched := cursor.fetchmany(_FETCHED_AT_ONCE):
        yield from fetched


def _size_bytes(value: Scalar) -> int:
    return len(value) if isinstance(value, str) else _VALUE_BYTES


class _Watchdog:
    """Interrupts a query at its deadline, and never after it has ended."""

    def __init__(self, interrupt: Callable[[], None], timeout_s: float) -> None:
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = interrupt
        self._timer = threading.Timer(timeout_s, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        with self._lock:
            if self._interrupt is not None:
                self._interrupt()

    def cancel(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._interrupt = None


def _used_parameters(statement: duckdb.Statement, parameters: Parameters) -> dict[str, object]:
    """The parameters that the statement names, with instants as the naive UTC it stores."""
    missing = statement.named_parameters - set(parameters)
    if missing:
        raise QueryError(f"no value for ${min(missing)}")
    used = {name: parameters[name] for name in statement.named_parameters}
    return {name: _stored(value) for name, value in used.items()}


def _stored(value: Scalar | Sequence[Scalar]) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise QueryError("a naive datetime is not an instant", cure="pass an aware one")
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_stored(item) for item in value]
    return value


def scalar(value: object) -> Scalar:
    """A DuckDB value as one of the port's scalars, the same over every adapter.

    Instants become aware, dates midnight UTC, decimals and big integers floats where they do
    not fit 64 bits, NaN and infinity None (JSON has neither), lists and structs JSON text.
    """
    result: Scalar
    match value:
        case None | str() | bool():
            result = value
        case int():
            result = value if -_INT64 <= value < _INT64 else float(value)
        case float():
            result = value if math.isfinite(value) else None
        case Decimal():
            is_whole = value == value.to_integral_value() and abs(value) < _INT64
            result = int(value) if is_whole else float(value)
        case datetime():
            result = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        case date():
            result = datetime.combine(value, time.min, UTC)
        case timedelta():
            result = value.total_seconds()
        case bytes():
            result = base64.b64encode(value).decode("ascii")
        case list() | dict() | tuple():
            result = json.dumps(value, default=str, sort_keys=True)
        case _:
            result = str(value)
    return result


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n", 1)[0]
