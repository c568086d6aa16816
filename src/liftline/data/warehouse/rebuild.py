"""The same warehouse again, from the log alone, and the proof that it is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import duckdb

from liftline.core.clock import Clock
from liftline.core.errors import BrokenError
from liftline.data.log.contracts import (
    START,
    LogReader,
    Position,
    PositionBeyondEndError,
)
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.digests import Digest, digests
from liftline.data.warehouse.loader import Loader, Offset, assert_same_log, read_offset
from liftline.data.warehouse.poison import cut
from liftline.data.warehouse.store import Store

Mode = Literal["verify", "unverified", "this_log"]


class RebuildError(BrokenError):
    """The log ends before the position the warehouse has loaded."""

    code = "warehouse.rebuild"
    default_cure = (
        "restore the log from a backup; the warehouse file still has the events. Without one"
        " accept the loss: `liftline warehouse rebuild --from-this-log`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did: how much, how long, and each table's digest before and after.

    Not compared (without `verify`, or from another log) the digests are empty. `received_before`
    and `received` count the events of the old and the new file.
    """

    position: Position
    records: int
    received_before: int
    received: int
    duration_s: float
    is_compared: bool
    before: dict[str, Digest]
    after: dict[str, Digest]
    build_failures: tuple[str, ...] = ()
    note: str = ""

    @property
    def differing(self) -> tuple[str, ...]:
        """Tables that only one file has, or whose rows are not the same multiset."""
        names = self.before.keys() | self.after.keys()
        return tuple(
            sorted(name for name in names if self.before.get(name) != self.after.get(name))
        )

    @property
    def is_same(self) -> bool:
        """Compared, marts built without a failure, and nothing differs."""
        return self.is_compared and not self.differing and not self.build_failures

    @property
    def may_take_the_place(self) -> bool:
        """A file that was compared must be the same; one that was not is its caller's word."""
        return self.is_same or not self.is_compared

    def text(self) -> str:
        """One line for each table: same or different, and the digests."""
        lines = [f"rebuilt {self.records} records up to {self.position} in {self.duration_s:.1f} s"]
        for name in sorted(self.before.keys() | self.after.keys()):
            before, after = self.before.get(name), self.after.get(name)
            word = "same     " if before == after else "DIFFERENT"
            lines.append(f"{word}  {name}: {before or 'missing'} -> {after or 'missing'}")
        lines += [f"FAILED     {failure}" for failure in self.build_failures]
        lines += [self.note] if self.note else []
        if not self.is_compared:
            lines.append(f"NOT compared: {self.received_before} events before, {self.received} now")
        return "\n".join(lines)


def rebuild(
    config: WarehouseConfig,
    log: LogReader,
    clock: Clock,
    old: Store,
    *,
    mode: Mode,
    build_marts: Callable[[], tuple[str, ...]] | None,
) -> RebuildReport:
    """Load the log from its start into a new file beside the old one.

    `verify` and `unverified` load up to the old file's offset, and need the log that it was
    loaded from; `verify` compares the digests of both. `this_log` takes whatever log there is
    up to its end. The new file is closed and checkpointed when this returns; nobody swaps it
    here. `build_marts` returns what failed. Raises RebuildError, OtherLogError and the
    log's errors.
    """
    started_s = clock.monotonic_s()
    shutil.rmtree(config.rebuild_path.parent, ignore_errors=True)
    with old.cursor() as cursor:
        loaded = read_offset(cursor)
    stats = log.stats()
    if mode != "this_log":
        assert_same_log(loaded, stats)
    target = stats.durable if mode == "this_log" else loaded.position
    new = Store(config.rebuild_path, config)
    try:
        reached = _replay(new, log, clock, config, target)
        failures = build_marts() if build_marts is not None else ()
        before, after = {}, {}
        if mode == "verify":
            with old.cursor() as cursor:
                before = digests(cursor)
            with new.cursor() as cursor:
                after = digests(cursor)
        new.checkpoint()
    finally:
        new.close()
    return RebuildReport(
        position=target,
        records=reached.records,
        received_before=loaded.received,
        received=reached.received,
        is_compared=mode == "verify",
        duration_s=clock.monotonic_s() - started_s,
        before=before,
        after=after,
        build_failures=failures,
    )


def rebuild_outdated(config: WarehouseConfig, log: LogReader, clock: Clock) -> int:
    """An upgrade: load the whole log into a file of this schema version and put it in place.

    Returns the number of records. The outdated file is kept beside it, once, as `.outdated`.
    A log that ends before that file's position is refused: the file has more than the log.
    """
    _refuse_shorter_log(config, log)
    shutil.rmtree(config.rebuild_path.parent, ignore_errors=True)
    new = Store(config.rebuild_path, config)
    try:
        records = _replay(new, log, clock, config, log.stats().durable).records
        new.checkpoint()
    finally:
        new.close()
    database = config.database_path
    database.replace(database.with_name(database.name + ".outdated"))
    config.rebuild_path.replace(database)
    return records


def _refuse_shorter_log(config: WarehouseConfig, log: LogReader) -> None:
    with duckdb.connect(str(config.database_path)) as outdated:
        row = outdated.execute('select epoch, sequence, "offset" from raw.load_offset').fetchone()
    try:
        log.read(Position(*row) if row else START, max_records=1, max_bytes=1)
    except PositionBeyondEndError as beyond:
        cure = (
            "restore the log and start again; without it move warehouse/liftline.duckdb away"
            " and start: what the log has is loaded, the rest is lost"
        )
        raise RebuildError(cure=cure, facts=beyond.facts) from beyond


def _replay(
    store: Store, log: LogReader, clock: Clock, config: WarehouseConfig, target: Position
) -> Offset:
    loader = Loader(store, log, clock)
    try:
        while (offset := loader.offset()).position < target:
            batch = loader.read(max_records=config.batch_events, max_bytes=config.batch_bytes)
            if batch.end == batch.start:
                raise RebuildError(facts={"target": str(target), "end": str(batch.end)})
            loader.load(cut(batch, target))
        return offset
    finally:
        loader.close()
