"""Goal: many bad lines cost bounded work, the good ones beside them are loaded, sums are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from liftline.data.events.contracts import EventRecord
from liftline.data.warehouse import poison, slices

MakeEvent = Callable[..., EventRecord]


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what was parsed."""
    seen: list[int] = []
    parse = slices._parses

    def counted(cursor: Any, payload: bytes, spool: Any) -> bool:
        seen.append(len(payload))
        return parse(cursor, payload, spool)

    monkeypatch.setattr(slices, "_parses", counted)
    return seen


def wrong_time(event: EventRecord) -> bytes:
    """JSON, but not of the record's shape: only a parse shows it."""
    return msgspec.json.encode(event).replace(b"2026-03-01T12:00:00Z", b"tomorrow")


def test_ten_thousand_lines_of_garbage_cost_a_handful_of_parses(
    loaded: Any, event: MakeEvent, parses: list[int]
) -> None:
    loaded.append(event("a"), *[b"garbage"] * 10_000, event("b"))
    loaded.load()
    assert len(parses) < 10
    assert loaded.rows("select message_id from raw.events order by 1") == (("a",), ("b",))
    assert loaded.rows("select received, accepted, rejected from raw.ledger order by 1") == (
        (2, 2, 0),
        (10_000, 0, 10_000),
    )
    assert loaded.rows("select count(*), sum(events) from raw.quarantine") == ((10_000, 10_000),)


def test_a_frame_with_too_many_bad_shapes_is_set_aside_whole_and_the_next_is_not(
    loaded: Any, event: MakeEvent, parses: list[int]
) -> None:
    mixed = [event(f"g{n}") if n % 2 else wrong_time(event(f"w{n}")) for n in range(200)]
    loaded.append(*mixed)
    loaded.append(event("after"), wrong_time(event("w")))
    loaded.load()
    assert len(parses) < 2 * poison.PARSES_PER_FRAME
    assert loaded.rows("select message_id from raw.events") == (("after",),)
    assert loaded.rows("select message, sum(events) from raw.quarantine group by 1 order by 1") == (
        (poison.UNREADABLE, 1),
        (poison.TOO_MANY, 200),
    )
    assert loaded.rows("select sum(received), sum(rejected) from raw.ledger") == ((202, 201),)


def test_past_the_bound_a_slice_ends_early_and_a_rebuild_finds_the_same(
    loaded: Any, event: MakeEvent, parses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poison, "PARSES_PER_SLICE", 20)
    for n in range(30):
        loaded.append(event(f"a{n}"), wrong_time(event(f"w{n}")), event(f"b{n}"))
    report = loaded.engine.load_once()
    assert report is not None and 3 <= report.records < 90, "it ends at a frame, and moves on"
    loaded.load()
    assert loaded.rows("select sum(received), sum(rejected) from raw.ledger") == ((90, 30),)
    assert loaded.rows("select count(*) from raw.loads")[0][0] > 1
    monkeypatch.undo()  # other bounds, other slices
    rebuilt = loaded.engine.rebuild("verify")
    assert rebuilt.is_same, rebuilt.text()
