"""Goal: a load is all or nothing, and what is set aside says why."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from liftline.core.clock import ManualClock
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import Position
from liftline.data.warehouse.loader import LOADS_KEPT_DAYS

MakeEvent = Callable[..., EventRecord]


def test_a_retry_is_counted_and_not_kept_whatever_its_transport_fields(
    loaded: Any, event: MakeEvent
) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.append(
        event("a", received_at=event("a").received_at + timedelta(days=40)),
        event("a", sent_at=event("a").received_at, context=msgspec.Raw(b'{"ip":"x"}')),
    )
    loaded.load()
    assert loaded.rows("select count(*) from raw.events") == ((1,),)
    assert loaded.rows("select sum(duplicate) from raw.ledger") == ((2,),)
    assert loaded.rows("select count(*) from raw.quarantine") == ((0,),)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "page"},
        {"name": "other"},
        {"user_id": None},
        {"anonymous_id": "x"},
        {"timestamp": "2026-03-01T12:00:00+01:00"},
        {"properties": msgspec.Raw(b'{"a":1}')},
    ],
)
def test_the_same_key_with_another_body_is_a_conflict(
    loaded: Any, event: MakeEvent, change: dict[str, Any]
) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.append(event("a", **change))
    loaded.load()
    assert loaded.rows("select count(*) from raw.events") == ((1,),)
    kept = loaded.rows("select kind, message_id, raw from raw.quarantine")
    assert kept[0][:2] == ("conflict", "a")
    assert msgspec.json.decode(base64.b64decode(kept[0][2]))["message_id"] == "a"
    assert b"liftline_warehouse_conflicts_total 1.0" in loaded.engine.metrics()


def test_the_same_message_id_of_two_sources_is_two_events(loaded: Any, event: MakeEvent) -> None:
    loaded.append(event("a"), event("a", source_id="src2"), event("2a", source_id="src"))
    loaded.load()
    assert loaded.rows("select count(*) from raw.events") == ((3,),)


def test_the_first_deed_in_log_order_counts_and_later_ones_are_kept_marked(
    loaded: Any, event: MakeEvent
) -> None:
    keyed = {"name": "user_activated", "business_key": '["u1"]'}
    loaded.append(event("late", **keyed), event("b", **keyed))
    loaded.load()
    loaded.append(event("c", **keyed), event("d", environment="dev", **keyed))
    loaded.load()
    assert loaded.rows(
        "select message_id, is_semantic_duplicate from raw.events order by ordinal"
    ) == (("late", False), ("b", True), ("c", True), ("d", False))
    assert loaded.rows("select sum(semantic_duplicate) from raw.ledger") == ((2,),)


def test_a_record_for_many_rejected_events_counts_them_all(
    loaded: Any, rejected: Callable[..., RejectedRecord]
) -> None:
    loaded.append(rejected(), rejected(raw_base64=None, events=41))
    loaded.load()
    assert loaded.rows("select received, rejected from raw.ledger") == ((42, 42),)
    assert loaded.rows("select sum(events) from raw.quarantine") == ((42,),)


def test_poison_between_good_lines_is_set_aside_and_loading_goes_on(
    loaded: Any, event: MakeEvent
) -> None:
    good = msgspec.json.encode(event("z")).replace(b'"z"', b'"y"')
    wrong_time = good.replace(b'"y"', b'"w"').replace(b"2026-03-01T12:00:00Z", b"tomorrow")
    loaded.append(event("a"), b"\xff\xfe", b"", wrong_time, b'{"kind":"event"}', event("b"))
    loaded.append(event("c"))
    loaded.load()
    assert loaded.rows("select ordinal, message_id from raw.events order by 1") == (
        (0, "a"),
        (5, "b"),
        (6, "c"),
    )
    kept = loaded.rows("select ordinal, kind, project, raw from raw.quarantine order by 1")
    assert [row[:3] for row in kept] == [
        (1, "load_failure", "unknown"),
        (2, "load_failure", "unknown"),
        (3, "load_failure", "demo"),
        (4, "load_failure", "unknown"),
    ]
    assert base64.b64decode(kept[0][3]) == b"\xff\xfe"
    assert base64.b64decode(kept[2][3]) == wrong_time
    assert loaded.engine.status().state == "loading"


def test_an_unreadable_record_stands_for_the_events_its_frame_says(
    loaded: Any, event: MakeEvent
) -> None:
    loaded.append(event("a"), b"garbage", events=7)
    loaded.load()
    assert loaded.rows("select sum(received), sum(rejected) from raw.ledger") == ((7, 6),)


def test_a_frame_that_claims_more_events_than_it_has_stops_loading_and_keeps_nothing(
    loaded: Any, event: MakeEvent
) -> None:
    loaded.append(event("a"))
    loaded.load()
    loaded.append(event("b"), event("c"), events=3)
    loaded.load()
    assert loaded.rows("select message_id from raw.events") == (("a",),)
    status = loaded.engine.status()
    assert status.state == "stopped"
    assert "received 3" in status.problem
    assert status.cure
    assert status.pending_events == 3
    assert b"liftline_warehouse_loader_stopped 1.0" in loaded.engine.metrics()


def test_an_offset_beyond_the_log_stops_loading_and_queries_go_on(
    loaded: Any, event: MakeEvent
) -> None:
    loaded.append(event("a"))
    loaded.append(event("b"))
    loaded.load()
    frames = loaded.log.frames
    loaded.log.stats = msgspec_stats(loaded.log.stats, frames[0][0].end)
    loaded.load()
    status = loaded.engine.status()
    assert (status.state, bool(status.problem), bool(status.cure)) == ("stopped", True, True)
    assert loaded.rows("select count(*) from raw.events") == ((2,),)


def msgspec_stats(stats: Any, durable: Position) -> Any:
    from dataclasses import replace

    return replace(stats, durable=durable)


def test_history_is_left_out_of_delay_and_the_bucket_is_never_too_small(
    loaded: Any, event: MakeEvent, clock: ManualClock
) -> None:
    clock.advance(timedelta(seconds=4))
    loaded.append(event("a"), event("b", is_historical=True))
    loaded.load()
    assert loaded.rows("select upper_s, events from raw.delays") == ((5.0, 1),)
    assert b"liftline_warehouse_ingest_delay_seconds_p95 5.0" in loaded.engine.metrics()


def test_load_history_is_pruned_and_totals_stay(
    loaded: Any, event: MakeEvent, clock: ManualClock
) -> None:
    loaded.append(event("a"))
    loaded.load()
    clock.advance(timedelta(days=LOADS_KEPT_DAYS + 1))
    loaded.engine.prune()
    assert loaded.rows("select count(*) from raw.loads") == ((0,),)
    assert loaded.rows("select received from raw.load_offset") == ((1,),)
