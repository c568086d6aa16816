"""A slice of the log on its way in: lines, their order, and the lines that cannot be loaded."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from liftline.core.errors import BrokenError
from liftline.data.log.contracts import LogBatch
from liftline.data.warehouse.poison import BLANK, PoisonSearch, split_lines
from liftline.data.warehouse.store import statement

UNKNOWN = "unknown"
"""Project, environment and source of a line that does not say them."""

UNKNOWN_AT = datetime(1970, 1, 1, tzinfo=UTC)
"""Received instant of a line that does not say it: a rebuild must find the same one."""

_ORDER_SAMPLES = 8
_ORDER_STRETCH = 1 << 16

# Errors of a line, not of the machine: only these are worth a bisection.
_LINE_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.DataError,
    duckdb.ParserException,
)


class SliceError(BrokenError):
    """A slice of the log does not have the lines that its frames promise."""

    code = "warehouse.slice"
    default_cure = "run `liftline log check`, then restart the warehouse process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How many rows of each sort were staged, and whether two events share a key hash."""

    rows: int
    unloadable: int
    rejected: int
    events: int
    with_business_key: int
    has_twins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloadable:
    """A line that cannot be loaded: its number in the slice, its bytes, and why."""

    line: int
    content: bytes
    reason: str


def stage(
    cursor: duckdb.DuckDBPyConnection, batch: LogBatch, spool: Path
) -> tuple[Survey, tuple[Unloadable, ...]]:
    """Parse the slice into the temporary table `staged`, one row per line, in line order.

    Call it outside of a transaction: only then is rowid the line's number.

    Lines that cannot be parsed are found by bisection, lines that lack a field by a query;
    both are returned, and are rows with is_loadable false. Raises SliceError when the rows
    are not the frames' records in order, SliceTooDearError when that costs too many parses.
    """
    reasons: dict[int, str] = {}
    payload = batch.payload
    if not _parses(cursor, payload, spool) or _survey(cursor).rows != batch.records:
        reasons = _bad_lines(cursor, batch, spool)
        lines = split_lines(payload)
        payload = b"".join(BLANK if n in reasons else line for n, line in enumerate(lines))
        if not _parses(cursor, payload, spool):
            raise SliceError("lines that parse alone do not parse together")
    survey = _survey(cursor)
    if survey.rows != batch.records:
        raise SliceError(facts={"rows": survey.rows, "records": batch.records})
    _assert_order(cursor, payload, survey.rows)
    return survey, _unloadable(cursor, batch.payload, reasons) if survey.unloadable else ()


def _parses(cursor: duckdb.DuckDBPyConnection, payload: bytes, spool: Path) -> bool:
    file = spool / "slice.ndjson"
    file.write_bytes(payload)
    try:
        cursor.execute(statement("stage"), {"file": str(file)})
    except _LINE_ERRORS as error:
        if isinstance(error, duckdb.OutOfMemoryException):
            raise
        return False
    finally:
        file.unlink()
    return True


def _survey(cursor: duckdb.DuckDBPyConnection) -> Survey:
    row = cursor.execute(statement("survey")).fetchone() or (0,) * 6
    return Survey(
        rows=row[0],
        unloadable=row[1],
        rejected=row[2],
        events=row[3],
        with_business_key=row[4],
        has_twins=bool(row[5]),
    )


def _bad_lines(cursor: duckdb.DuckDBPyConnection, batch: LogBatch, spool: Path) -> dict[int, str]:
    """Which lines do not parse to exactly one row."""

    def parses(lines: list[bytes]) -> bool:
        return _parses(cursor, b"".join(lines), spool) and _survey(cursor).rows == len(lines)

    return PoisonSearch(batch, parses).run()


def _sampled_lines(payload: bytes, records: int) -> Iterator[tuple[int, bytes]]:
    """Numbered lines from the first and the last stretch: parts that changed places would
    move both. Counting all lines of a large slice would cost a tenth of loading it.
    """
    head = payload[:_ORDER_STRETCH].split(b"\n")
    yield from list(enumerate(head[:-1]))[:: len(head) // _ORDER_SAMPLES + 1]
    tail = payload[-_ORDER_STRETCH:].split(b"\n")[1:-1]
    first = records - len(tail)
    yield from list(enumerate(tail, first))[:: len(tail) // _ORDER_SAMPLES + 1]


def _assert_order(cursor: duckdb.DuckDBPyConnection, payload: bytes, records: int) -> None:
    """A sample of lines must be the rows of the same number: ordinals rest on it."""
    wanted = dict(_sampled_lines(payload, records))
    rows = cursor.execute(
        "select rowid, message_id, received_at from staged where list_contains($numbers, rowid)",
        {"numbers": list(wanted)},
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for number, line in wanted.items():
        record = _salvage(line)
        message_id, received_at = found[number]
        said = record.get("message_id")
        stamp = _instant(record.get("received_at"))
        if isinstance(said, str) and said != message_id:
            raise SliceError("rows are not in line order", facts={"line": number})
        if received_at and stamp and received_at.replace(tzinfo=UTC) != stamp:
            raise SliceError("rows are not in line order", facts={"line": number})


def _unloadable(
    cursor: duckdb.DuckDBPyConnection, payload: bytes, reasons: dict[int, str]
) -> tuple[Unloadable, ...]:
    rows = cursor.execute(
        "select rowid from staged where not is_loadable order by rowid"
    ).fetchall()
    lines = split_lines(payload)
    lacks = "a field that every record has is missing, or the record's kind is unknown"
    return tuple(
        Unloadable(line=n, content=lines[n].removesuffix(b"\n"), reason=reasons.get(n, lacks))
        for (n,) in rows
    )


def quarantine_rows(
    unloadable: Iterable[Unloadable], first_ordinal: int, events: dict[int, int]
) -> list[dict[str, object]]:
    """Parameters of insert_unloadable.sql: whatever the line still says about itself."""
    rows: list[dict[str, object]] = []
    for bad in unloadable:
        said = _salvage(bad.content)
        received = _instant(said.get("received_at")) or UNKNOWN_AT
        rows.append(
            {
                "ordinal": first_ordinal + bad.line,
                "message": bad.reason,
                "project": _text(said.get("project")) or UNKNOWN,
                "environment": _text(said.get("environment")) or UNKNOWN,
                "source_id": _text(said.get("source_id")) or UNKNOWN,
                "message_id": _text(said.get("message_id")),
                "name": _text(said.get("name")),
                "raw": base64.b64encode(bad.content).decode("ascii"),
                "received_at": received.astimezone(UTC).replace(tzinfo=None),
                "events": events[bad.line],
            }
        )
    return rows


def _salvage(content: bytes) -> dict[str, object]:
    try:
        said = json.loads(content.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(value: object) -> str | None:
    """A string that DuckDB can store: lone surrogates have no UTF-8."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", errors="replace").decode("utf-8").replace("\0", "")


def _instant(value: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        return instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
