"""Exactly once: one slice of the log becomes rows, ledger and offset in one transaction.

The rule, whatever the batch boundaries are:

1. The first record in log order with a (source_id, message_id) is the event; it is kept.
2. A later one with the same body is a duplicate, with another body a conflict (quarantine).
3. Of the events kept, the first in log order with a business key counts; later ones are kept
   and marked as semantic duplicates.
4. A rejected record, and a line that cannot be loaded, goes to quarantine.
5. What the log's frames say was received equals the sum of what became of it, or nothing of
   the slice is kept and loading stops.

A crash anywhere leaves either all of a slice or nothing of it, because the offset moves in
the transaction of the rows. Nothing else remembers the offset.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import duckdb

from liftline.core.clock import Clock
from liftline.core.errors import BrokenError
from liftline.data.log.contracts import LogBatch, LogReader, LogStats, Position
from liftline.data.warehouse.poison import SliceTooDearError, cut
from liftline.data.warehouse.slices import (
    SliceError,
    Survey,
    Unloadable,
    quarantine_rows,
    stage,
)
from liftline.data.warehouse.store import Store, statement

LOADS_KEPT_DAYS: Final = 35


class LedgerImbalanceError(BrokenError):
    """Events received and events accounted for differ; the load was taken back."""

    code = "warehouse.ledger_imbalance"
    default_cure = (
        "run `liftline log check`; if the log is sound this is a defect: keep the log, report it"
    )


class OtherLogError(BrokenError):
    """The log is not the one that the warehouse was loaded from."""

    code = "warehouse.other_log"
    default_cure = (
        "put the old log back and restart the warehouse; without it accept the loss:"
        " `liftline warehouse rebuild --from-this-log`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """How far the warehouse has read: the next position and ordinal, and the totals so far.

    `log_id` is empty before the first load.
    """

    position: Position
    next_ordinal: int
    records: int
    received: int
    as_of: datetime | None
    log_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispositions:
    """What became of a slice's events."""

    received: int
    accepted: int
    duplicate: int
    semantic_duplicate: int
    conflict: int
    rejected: int
    erased: int

    @property
    def accounted(self) -> int:
        return (
            self.accepted
            + self.duplicate
            + self.semantic_duplicate
            + self.conflict
            + self.rejected
            + self.erased
        )


_NOTHING: Final = Dispositions(
    received=0, accepted=0, duplicate=0, semantic_duplicate=0, conflict=0, rejected=0, erased=0
)


_EMPTY: Final = Survey(
    rows=0, unloadable=0, rejected=0, events=0, with_business_key=0, has_twins=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """One committed load. `cpu_s` is the process's CPU time, at most wall_s x threads."""

    start: Position
    end: Position
    records: int
    dispositions: Dispositions
    load_failures: int
    wall_s: float
    cpu_s: float
    committed_at: datetime


class Loader:
    """Moves the log into the warehouse. One per file; not thread-safe."""

    def __init__(self, store: Store, log: LogReader, clock: Clock) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._cursor = store.cursor()

    def offset(self) -> Offset:
        """Where loading stands, as committed."""
        return read_offset(self._cursor)

    def read(self, *, max_records: int, max_bytes: int) -> LogBatch:
        """The next slice, not loaded yet. Raises OtherLogError and the log's errors."""
        offset = self.offset()
        assert_same_log(offset, self._log.stats())
        return self._log.read(offset.position, max_records=max_records, max_bytes=max_bytes)

    def load_next(self, *, max_records: int, max_bytes: int) -> LoadReport | None:
        """Load the next slice; None when there is nothing new and durable.

        Raises LedgerImbalanceError, SliceError, OtherLogError and the log's errors; then
        nothing changed.
        """
        batch = self.read(max_records=max_records, max_bytes=max_bytes)
        if batch.end == batch.start:
            return None
        return self.load(batch)

    def load(self, batch: LogBatch) -> LoadReport:
        """Load one slice, which must begin at the offset; only its first frames where many
        lines of it cannot be parsed.
        """
        started_s, started_cpu_s = time.perf_counter(), time.process_time()
        offset = self.offset()
        first_ordinal = _first_ordinal(batch, offset)
        cursor = self._cursor
        # Staged before the transaction: inside it rows of a new table have provisional
        # numbers, and a line that does not parse would take the transaction with it.
        slice_ = _Slice(batch=batch, first_ordinal=first_ordinal)
        if batch.records:
            try:
                slice_.survey, slice_.unloadable = stage(cursor, batch, self._store.spool)
            except SliceTooDearError as dear:
                return self.load(cut(batch, dear.end))
        cursor.execute("begin transaction")
        try:
            dispositions = _decide_and_insert(cursor, slice_) if batch.records else _NOTHING
            committed_at = self._clock.now().astimezone(UTC)
            wall_s = time.perf_counter() - started_s
            report = LoadReport(
                start=batch.start,
                end=batch.end,
                records=batch.records,
                dispositions=dispositions,
                load_failures=len(slice_.unloadable),
                wall_s=wall_s,
                cpu_s=time.process_time() - started_cpu_s,
                committed_at=committed_at,
            )
            log_id = offset.log_id or self._log.stats().log_id
            _record(cursor, report, first_ordinal, log_id)
            cursor.execute("commit")
        except BaseException:
            _roll_back(cursor)
            raise
        return report

    def prune(self) -> None:
        """Forget load history older than LOADS_KEPT_DAYS; totals stay."""
        before = (self._clock.now() - timedelta(days=LOADS_KEPT_DAYS)).astimezone(UTC)
        for name in ("prune_loads", "prune_delays"):
            self._cursor.execute(statement(name), {"before": before.replace(tzinfo=None)})

    def close(self) -> None:
        self._cursor.close()


def read_offset(cursor: duckdb.DuckDBPyConnection) -> Offset:
    """The committed offset, read with any cursor."""
    row = cursor.execute(statement("read_offset")).fetchone()
    if row is None:
        raise SliceError("the warehouse has lost its offset", cure="rebuild it from the log")
    as_of = row[6].replace(tzinfo=UTC) if row[6] else None
    return Offset(
        position=Position(row[0], row[1], row[2]),
        next_ordinal=row[3],
        records=row[4],
        received=row[5],
        as_of=as_of,
        log_id=row[7],
    )


def assert_same_log(offset: Offset, stats: LogStats) -> None:
    """Raises OtherLogError for another id, or the same place with another running number."""
    if offset.log_id and stats.log_id != offset.log_id:
        raise OtherLogError(
            facts={"loaded_from": offset.log_id, "found": stats.log_id or "no log at all"}
        )
    if offset.position == stats.durable and offset.next_ordinal != stats.next_ordinal:
        raise OtherLogError(facts={"loaded": offset.next_ordinal, "found": stats.next_ordinal})


def _first_ordinal(batch: LogBatch, offset: Offset) -> int:
    """The ordinal of the slice's first line; refuses gaps, overlaps and other starts."""
    if batch.start != offset.position:
        raise SliceError(
            "the slice does not begin where loading stopped",
            facts={"start": str(batch.start), "offset": str(offset.position)},
        )
    expected = offset.next_ordinal
    for frame in batch.frames:
        if frame.first_ordinal != expected:
            raise SliceError(
                "the log's running numbers have a gap",
                facts={"expected": expected, "found": frame.first_ordinal},
            )
        expected += frame.records
    return offset.next_ordinal


@dataclass(slots=True, kw_only=True)
class _Slice:
    """A slice while it is being loaded."""

    batch: LogBatch
    first_ordinal: int
    survey: Survey = _EMPTY
    unloadable: tuple[Unloadable, ...] = ()


def _decide_and_insert(cursor: duckdb.DuckDBPyConnection, slice_: _Slice) -> Dispositions:
    batch, survey = slice_.batch, slice_.survey
    at = {"first_ordinal": slice_.first_ordinal}
    cursor.execute(statement("find_stored_keys"))
    has_repeats = survey.has_twins or _has_rows(cursor, "stored_keys")
    if has_repeats:
        cursor.execute(statement("find_repeats"), at)
    else:
        cursor.execute(statement("no_repeats"))
    if survey.with_business_key:
        cursor.execute(statement("find_semantic_repeats"))
        cursor.execute(statement("insert_business_firsts"), at)
    else:
        cursor.execute(statement("no_semantic_repeats"))
    if survey.events:
        cursor.execute(statement("insert_events"), at)
    if survey.rejected:
        cursor.execute(statement("insert_rejected"), at)
    if has_repeats:
        cursor.execute(statement("insert_conflicts"), at)
    if slice_.unloadable:
        events = _events_of(cursor, batch, slice_.unloadable)
        rows = quarantine_rows(slice_.unloadable, slice_.first_ordinal, events)
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        cursor.execute(statement("insert_unloadable"), columns)
    cursor.execute(statement("tally"), at)
    cursor.execute(statement("merge_ledger"))
    counts = cursor.execute(statement("sum_tally")).fetchone() or (0,) * 7
    found = Dispositions(
        received=batch.events,
        accepted=counts[1],
        duplicate=counts[2],
        semantic_duplicate=counts[3],
        conflict=counts[4],
        rejected=counts[5],
        erased=counts[6],
    )
    if not batch.events == counts[0] == found.accounted:
        raise LedgerImbalanceError(
            facts={
                "received": batch.events,
                "read": counts[0],
                "accounted": found.accounted,
                "start": str(batch.start),
            }
        )
    return found


def _events_of(
    cursor: duckdb.DuckDBPyConnection, batch: LogBatch, unloadable: tuple[Unloadable, ...]
) -> dict[int, int]:
    """How many events each unloadable line stood for: what its frame says, less the others.

    A line that cannot be read cannot be asked. With several in one frame the first takes
    what is left over; the sum is exact.
    """
    events: dict[int, int] = {}
    lines = [bad.line for bad in unloadable]
    first = 0
    for frame in batch.frames:
        after = first + frame.records
        inside = lines[bisect_left(lines, first) : bisect_left(lines, after)]
        if inside:
            row = cursor.execute(
                "select coalesce(sum(case when kind = 'rejected' then coalesce(events, 1)"
                " else 1 end), 0)::bigint from staged"
                " where is_loadable and rowid >= $first and rowid < $after",
                {"first": first, "after": after},
            ).fetchone()
            left = frame.events - (row[0] if row else 0)
            events |= dict.fromkeys(inside, 1)
            events[inside[0]] = left - (len(inside) - 1)
        first = after
    return events


def _record(
    cursor: duckdb.DuckDBPyConnection, report: LoadReport, first_ordinal: int, log_id: str
) -> None:
    """The load's own history, and the offset."""
    committed_at = report.committed_at.replace(tzinfo=None)
    found = report.dispositions
    end = {
        "epoch": report.end.epoch,
        "sequence": report.end.sequence,
        "offset": report.end.offset,
        "log_id": log_id,
    }
    if not report.records:
        cursor.execute(statement("skip_seam"), end)
        return
    if found.accepted or found.semantic_duplicate:
        cursor.execute(
            statement("insert_delays"), {"load_id": first_ordinal, "committed_at": committed_at}
        )
    cursor.execute(
        statement("insert_load"),
        {
            "load_id": first_ordinal,
            "from_position": str(report.start),
            "to_position": str(report.end),
            "committed_at": committed_at,
            "records": report.records,
            "received": found.received,
            "accepted": found.accepted,
            "duplicate": found.duplicate,
            "semantic_duplicate": found.semantic_duplicate,
            "conflict": found.conflict,
            "rejected": found.rejected,
            "erased": found.erased,
            "wall_s": report.wall_s,
            "cpu_s": report.cpu_s,
        },
    )
    cursor.execute(
        statement("move_offset"),
        {
            **end,
            "next_ordinal": first_ordinal + report.records,
            "records": report.records,
            "received": found.received,
        },
    )


def _has_rows(cursor: duckdb.DuckDBPyConnection, table: str) -> bool:
    return cursor.execute(f"select 1 from {table} limit 1").fetchone() is not None


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.execute("rollback")
    except duckdb.Error:
        return  # the transaction is gone with the error that brought us here
