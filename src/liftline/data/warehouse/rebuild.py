"""The same warehouse again, from the log alone, and the proof that it is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from liftline.core.clock import Clock
from liftline.core.errors import BrokenError
from liftline.data.log.contracts import LogBatch, LogReader, Position
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.digests import Digest, digests
from liftline.data.warehouse.loader import Loader, read_offset
from liftline.data.warehouse.store import Store


class RebuildError(BrokenError):
    """The log ends before the position the warehouse has loaded."""

    code = "warehouse.rebuild"
    default_cure = "restore the log from a backup; the warehouse file still has the events"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did: how much, how long, and each table's digest before and after."""

    position: Position
    records: int
    duration_s: float
    before: dict[str, Digest]
    after: dict[str, Digest]

    @property
    def differing(self) -> tuple[str, ...]:
        """Tables whose rows are not the same multiset."""
        names = self.before.keys() & self.after.keys()
        return tuple(sorted(name for name in names if self.before[name] != self.after[name]))

    @property
    def is_same(self) -> bool:
        return not self.differing

    def text(self) -> str:
        """One line for each table: same or different, and the digests."""
        lines = [f"rebuilt {self.records} records up to {self.position} in {self.duration_s:.1f} s"]
        for name, after in sorted(self.after.items()):
            before = self.before.get(name)
            word = "same     " if before == after else "DIFFERENT"
            lines.append(f"{word}  {name}: {before} -> {after}" if before else f"new  {name}")
        return "\n".join(lines)


def rebuild(
    config: WarehouseConfig,
    log: LogReader,
    clock: Clock,
    old: Store,
    *,
    verify: bool,
    build_marts: Callable[[], None] | None,
) -> RebuildReport:
    """Load the log from its start to the old file's offset into a new file beside it.

    With `verify` the digests of the old and the new file are compared; without it they are
    empty. The new file is closed and checkpointed when this returns; nobody swaps it here.
    """
    started_s = clock.monotonic_s()
    shutil.rmtree(config.rebuild_path.parent, ignore_errors=True)
    with old.cursor() as cursor:
        target = read_offset(cursor)
    new = Store(config.rebuild_path, config)
    try:
        records = _replay(new, log, clock, config, target.position)
        if build_marts is not None:
            build_marts()
        before, after = {}, {}
        if verify:
            with old.cursor() as cursor:
                before = digests(cursor)
            with new.cursor() as cursor:
                after = digests(cursor)
        new.checkpoint()
    finally:
        new.close()
    return RebuildReport(
        position=target.position,
        records=records,
        duration_s=clock.monotonic_s() - started_s,
        before=before,
        after=after,
    )


def rebuild_outdated(config: WarehouseConfig, log: LogReader, clock: Clock) -> int:
    """An upgrade: load the whole log into a file of this schema version and put it in place.

    Returns the number of records. The outdated file is kept beside it, once, as `.outdated`.
    """
    shutil.rmtree(config.rebuild_path.parent, ignore_errors=True)
    new = Store(config.rebuild_path, config)
    try:
        records = _replay(new, log, clock, config, log.stats().durable)
        new.checkpoint()
    finally:
        new.close()
    database = config.database_path
    database.replace(database.with_name(database.name + ".outdated"))
    config.rebuild_path.replace(database)
    return records


def _replay(
    store: Store, log: LogReader, clock: Clock, config: WarehouseConfig, target: Position
) -> int:
    loader = Loader(store, log, clock)
    try:
        while (offset := loader.offset()).position < target:
            batch = loader.read(max_records=config.batch_events, max_bytes=config.batch_bytes)
            if batch.end == batch.start:
                raise RebuildError(facts={"target": str(target), "end": str(batch.end)})
            loader.load(cut(batch, target))
        return offset.records
    finally:
        loader.close()


def cut(batch: LogBatch, target: Position) -> LogBatch:
    """The part of a batch up to a frame's end, so that a rebuild stops where loading stood."""
    if batch.end <= target:
        return batch
    kept = tuple(frame for frame in batch.frames if frame.end <= target)
    lines = sum(frame.records for frame in kept)
    at = 0
    for _ in range(lines):
        at = batch.payload.index(b"\n", at) + 1
    return LogBatch(start=batch.start, end=target, payload=batch.payload[:at], frames=kept)
