"""Goal: the file made again from the log is the same, and a difference is never hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import START, LogBatch
from liftline.data.warehouse.digests import digest
from liftline.data.warehouse.engine import Engine
from liftline.data.warehouse.loader import OtherLogError
from liftline.data.warehouse.poison import cut
from liftline.data.warehouse.rebuild import RebuildError
from liftline.data.warehouse.store import SCHEMA_VERSION

MakeEvent = Callable[..., EventRecord]


def fill(loaded: Any, event: MakeEvent, rejected: Callable[..., RejectedRecord]) -> None:
    keyed = {"name": "user_activated", "business_key": '["u1"]'}
    loaded.append(event("a"), event("b", **keyed), rejected(events=3))
    loaded.load()
    loaded.append(event("a"), event("a", user_id="u2"), event("c", **keyed), b"poison")
    loaded.load()


def test_a_rebuild_is_the_same_and_takes_the_files_place(
    loaded: Any, event: MakeEvent, rejected: Callable[..., RejectedRecord]
) -> None:
    fill(loaded, event, rejected)
    report = loaded.engine.rebuild("verify")
    assert report.is_same, report.text()
    assert report.after["raw.events"].rows == 3
    assert report.after["raw.quarantine"].rows == 3
    assert loaded.rows("select count(*) from raw.loads") == ((1,),), "the rebuilt file is in place"
    loaded.append(event("a"), event("d"))
    loaded.load()
    assert loaded.rows("select sum(accepted), sum(duplicate) from raw.ledger") == ((3, 2),)


def test_events_that_arrive_during_a_rebuild_are_loaded_after_it(
    loaded: Any, event: MakeEvent
) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.append(event("b"))
    report = loaded.engine.rebuild("verify")
    assert (report.is_same, report.records) == (True, 1)
    loaded.load()
    assert loaded.rows("select count(*) from raw.events") == ((2,),)


def test_a_tampered_row_is_found_and_the_old_file_stays(loaded: Any, event: MakeEvent) -> None:
    """The canary of the proof."""
    loaded.append(event("a"), event("b"))
    loaded.load()
    loaded.engine._store.cursor().execute("update raw.events set user_id = 'x' where ordinal = 0")
    report = loaded.engine.rebuild("verify")
    assert report.differing == ("raw.events",)
    assert "DIFFERENT  raw.events" in report.text()
    assert loaded.rows("select user_id from raw.events order by ordinal") == (("x",), ("u1",))


def test_a_rebuild_mends_a_stopped_loader(loaded: Any, event: MakeEvent) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.append(event("b"), events=2)
    loaded.load()
    assert loaded.engine.status().state == "stopped"
    frame, payload = loaded.log.frames[1]
    loaded.log.frames[1] = (replace(frame, events=1), payload)
    loaded.engine.rebuild("verify")
    loaded.load()
    assert loaded.engine.status().state == "loading"
    assert loaded.rows("select count(*) from raw.events") == ((2,),)


def test_a_file_of_another_version_is_rebuilt_at_start(loaded: Any, event: MakeEvent) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.engine._store.cursor().execute("update raw.load_offset set schema_version = 0")
    loaded.engine.close()
    loaded.engine = Engine(loaded.config, MemoryLogReader(loaded.log), loaded.clock)
    assert loaded.rows("select message_id from raw.events") == (("a",),)
    database = loaded.config.database_path
    assert database.with_name(database.name + ".outdated").exists()


def swap_log(loaded: Any, log: MemoryLog) -> None:
    """The log's directory is emptied or restored under the warehouse."""
    loaded.engine.close()
    loaded.log, loaded.writer = log, MemoryLogWriter(log)
    loaded.engine = Engine(loaded.config, MemoryLogReader(log), loaded.clock)


@pytest.mark.parametrize("kept_frames", [0, 1])
def test_a_log_that_lost_events_is_noticed_and_can_be_rebuilt_from(
    loaded: Any, event: MakeEvent, kept_frames: int
) -> None:
    loaded.append(event("a"))
    after_one = replace(loaded.log.stats)
    loaded.append(event("b"), event("c"))
    loaded.load()
    older = MemoryLog(epoch=1, frames=loaded.log.frames[:kept_frames], stats=after_one)
    if not kept_frames:
        older.stats = replace(after_one, durable=START, next_ordinal=0, events=0)
    swap_log(loaded, older)
    assert not loaded.engine.is_at_the_end(), "fewer events than loaded is not the end"
    assert loaded.engine.load_once() is None
    status = loaded.engine.status()
    assert status.state == "stopped" and "--from-this-log" in status.cure
    assert b"liftline_warehouse_loader_stopped 1.0" in loaded.engine.metrics()
    for mode in ("verify", "unverified"):
        with pytest.raises(RebuildError):
            loaded.engine.rebuild(mode)
    report = loaded.engine.rebuild("this_log")
    assert not report.is_same and "NOT compared: 3 events before" in report.text()
    assert loaded.rows("select count(*) from raw.events") == ((kept_frames,),)
    database = loaded.config.database_path
    assert database.with_name(database.name + ".replaced").exists(), "nothing is thrown away"
    loaded.append(event("d"))
    loaded.load()
    assert loaded.engine.status().state == "loading"
    assert loaded.rows("select count(*) from raw.events") == ((kept_frames + 1,),)


def test_another_log_of_the_same_length_is_noticed(loaded: Any, event: MakeEvent) -> None:
    loaded.append(event("a"))
    loaded.load()
    other = MemoryLog()
    swap_log(loaded, other)
    loaded.append(event("b"))
    assert other.stats.events == loaded.engine.status().loaded_events
    assert not loaded.engine.is_at_the_end()
    loaded.load()
    assert "not the one" in loaded.engine.status().problem
    with pytest.raises(OtherLogError):
        loaded.engine.rebuild("verify")
    loaded.engine.rebuild("this_log")
    loaded.load()
    assert loaded.rows("select message_id from raw.events") == (("b",),)


def test_an_upgrade_does_not_take_a_shorter_log(loaded: Any, event: MakeEvent) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.engine._store.cursor().execute("update raw.load_offset set schema_version = 0")
    loaded.engine.close()
    with pytest.raises(RebuildError, match="ends before"):
        Engine(loaded.config, MemoryLogReader(MemoryLog()), loaded.clock)
    with duckdb.connect(str(loaded.config.database_path)) as kept:
        assert kept.execute("select message_id from raw.events").fetchall() == [("a",)]
    with duckdb.connect(str(loaded.config.database_path)) as kept:
        kept.execute("update raw.load_offset set schema_version = ?", [SCHEMA_VERSION])
    loaded.engine = Engine(loaded.config, MemoryLogReader(loaded.log), loaded.clock)


def test_digests_see_multiplicity_and_not_order() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema s")
        connection.execute("create table s.a as select * from (values (1, 'x'), (2, 'y')) v(i, t)")
        connection.execute("create table s.b as select * from (values (2, 'y'), (1, 'x')) v(i, t)")
        connection.execute("create table s.twice as select * from s.a union all select * from s.a")
        connection.execute(
            "create table s.c as select * from (values (1, 'x'), (2, 'y'), (2, 'y'), (2, 'y'))"
            " v(i, t)"
        )
        assert digest(connection, "s.a") == digest(connection, "s.b")
        assert digest(connection, "s.twice") != digest(connection, "s.c")


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_a_batch_is_cut_at_a_frames_end(loaded: Any, event: MakeEvent, frames: int) -> None:
    for name in ("a", "b"):
        loaded.append(event(name), event(name + "2"))
    reader = MemoryLogReader(loaded.log)
    batch = reader.read(loaded.log.frames[0][0].start, max_records=99, max_bytes=1 << 20)
    target = batch.frames[frames - 1].end if frames else batch.start
    kept = cut(batch, target)
    assert isinstance(kept, LogBatch)
    assert (kept.end, kept.records) == (target, 2 * frames)
    assert kept.payload == b"".join(content for _, content in loaded.log.frames[:frames])
