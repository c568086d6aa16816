"""Goal: the door's parts keep their bounds: buckets, caps, splitting, the written line."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.data.collect.buckets import Buckets
from liftline.data.collect.contracts import Limits
from liftline.data.collect.dead_letters import DeadLetterOffice, Letter, Sent
from liftline.data.collect.http import IdleConnections
from liftline.data.collect.lines import Common, EventLine, encode_lines, kind_and
from liftline.data.collect.split import MAX_SPLIT_BYTES, split_exactly
from liftline.data.collect.verdicts import instant
from liftline.data.collect.wire import read_body
from liftline.data.events.contracts import EventRecord, RejectedRecord, Violation
from liftline.data.log.contracts import LogFullError

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_the_written_line_is_the_contracts_record() -> None:
    common = Common(
        project="demo", environment="dev", source_id="s", sent_at=None, received_at=NOW,
        sender="server", plan_version=3, is_historical=False,
    )  # fmt: skip
    line = EventLine(kind_and(common), "m", "track", "n", "u", None, "t", NOW, True, True,
                     '["u"]', msgspec.Raw(b'{"a":1}'), msgspec.Raw(b"{}"))  # fmt: skip
    raw = encode_lines([line])
    assert raw.startswith(b'{"kind":"event",')
    record = msgspec.json.decode(raw, type=EventRecord)
    names = {field.name for field in msgspec.structs.fields(EventRecord)}
    assert set(msgspec.json.decode(raw)) == names | {"kind"}
    for written in (common, line):
        for field in msgspec.structs.fields(written):
            if field.name != "kind":
                told, meant = getattr(record, field.name), getattr(written, field.name)
                is_raw = isinstance(meant, msgspec.Raw)
                assert (bytes(told) == bytes(meant)) if is_raw else (told == meant), field.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00.123456+02:00", datetime(2026, 3, 1, 7, 30, 0, 123456, UTC)),
        ("2026-03-01T09:30:00.123456789Z", datetime(2026, 3, 1, 9, 30, 0, 123456, UTC)),
        ("1970-01-01T00:00:00+14:00", datetime(1969, 12, 31, 10, tzinfo=UTC)),
        ("2026-03-01T09:30:00", None),
        ("2026-03-01 09:30:00Z", None),
        ("2026-03-01t09:30:00z", None),
        ("20260301T093000.00000Z", None),
        ("2026-03-01T09:30:00+0200", None),
        ("2026-02-30T09:30:00Z", None),
        ("2016-12-31T23:59:60Z", None),
        ("1969-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("", None),
        ("\ud83d" * 30, None),
    ],
)
def test_instants(text: str, expected: datetime | None) -> None:
    assert instant(text) == expected


def test_a_bucket_never_gives_more_than_its_rate() -> None:
    buckets = Buckets(per_s=10, burst=20, count=100)
    taken, now_s = 0, 0.0
    for step in range(500):
        now_s = step / 50
        if buckets.take("k", 3, now_s) == 0:
            taken += 3
    assert taken <= 20 + 10 * now_s + 3
    assert taken >= 10 * now_s


def test_a_batch_larger_than_the_burst_passes_and_leaves_a_debt() -> None:
    buckets = Buckets(per_s=10, burst=20, count=100)
    assert buckets.take("k", 50, 0) == 0
    assert buckets.take("k", 1, 1.0) >= 2, "30 owed, 10 paid back"
    assert buckets.take("k", 1, 10.0) == 0


def test_clocks_that_stand_still_and_many_names_are_bounded() -> None:
    buckets = Buckets(per_s=1, burst=1, count=10)
    for number in range(1000):
        buckets.take(f"k{number}", 1, 0)
    assert len(buckets._levels) == 10


def test_dead_letters_are_capped_by_bytes() -> None:
    office = DeadLetterOffice(Limits(dead_letter_bytes_per_hour=100, event_bytes=60))
    letter = Letter(Violation(code="c", message="m", cure="c"), "id", "name", b"x" * 80)
    sent = Sent(project="p", environment="dev", source_id="s", received_at=NOW, plan_version=1)
    lines, counts = office.records([letter] * 4, sent, 0.0)
    assert [record.raw_base64 is not None for record in lines + counts] == [True, False]
    assert sum(record.events for record in lines + counts) == 4
    assert lines[0].raw_size_bytes == 80, "cut to the limit, but the real size is told"
    office.count(counts)
    assert office.capped == 3


def test_counts_are_written_once_a_second_and_never_lost() -> None:
    office = DeadLetterOffice(Limits(dead_letters_per_hour=0))
    written: list[list[RejectedRecord]] = []

    def refuse(_: list[RejectedRecord]) -> None:
        raise LogFullError

    letter = Letter(Violation(code="c", message="m", cure="c"), "id", "name", b"x" * 8)
    for number in range(1000):
        source = f"s{number % 2}"
        sent = Sent(
            project="p", environment="dev", source_id=source, received_at=NOW, plan_version=1
        )
        lines, counts = office.records([letter] * 3, sent, number / 100)
        assert lines == []
        office.count(counts)
        if number % 3 == 0:
            with contextlib.suppress(LogFullError):
                office.flush(refuse, number / 100)
        office.flush(written.append, number / 100)
    office.flush(written.append, 10.0, is_last=True)
    assert len(written) <= 11
    assert all(len(records) <= 2 for records in written)
    records = [record for some in written for record in some]
    assert sum(record.events for record in records) == 3000
    assert sum(record.raw_size_bytes for record in records) == 24_000
    office.flush(written.append, 99.0)
    assert len(written) <= 11, "nothing to count, nothing to write"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), min_size=1, max_size=5))
def test_splitting_by_brackets_agrees_with_the_parser(events: list[dict[str, Any]]) -> None:
    for body in ({"a": [1], "batch": events, "z": {"events": [2]}}, events):
        raw = msgspec.json.encode(body)
        split = split_exactly(raw)
        assert split is not None
        assert [msgspec.json.decode(each) for each in split.raws] == events
        assert msgspec.json.decode(split.envelope) == (
            [] if isinstance(body, list) else body | {"batch": []}
        )


@pytest.mark.parametrize("body", [b"", b"{", b"]", b"[1,2", b'{"a":[1]}', b'"[1]"'])
def test_what_has_no_list_does_not_split(body: bytes) -> None:
    assert split_exactly(body) is None


def test_splitting_is_bounded() -> None:
    assert split_exactly(b"[" + b" " * MAX_SPLIT_BYTES + b"]") is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_reading_never_raises_anything_but_a_refusal(noise: bytes) -> None:
    from liftline.data.collect.contracts import RefusedError

    for body in (noise, b'{"events":[' + noise + b"]}", b'[{"event":"x"},' + noise + b"]"):
        try:
            assert len(read_body(body).events) >= 1
        except RefusedError as refused:
            assert refused.cure


class _Connection:
    def __init__(self, cycle: Any) -> None:
        self.cycle = cycle
        self.is_closed = False
        self.transport = self

    def close(self) -> None:
        self.is_closed = True


class _Cycle:
    def __init__(self, *, is_done: bool) -> None:
        self.response_complete = is_done


def test_connections_without_a_request_are_closed_in_time() -> None:
    silent, resting = _Connection(None), _Connection(_Cycle(is_done=True))
    busy, renewed = _Connection(_Cycle(is_done=False)), _Connection(_Cycle(is_done=True))
    server: Any = type("Server", (), {})()
    server.server_state = type("State", (), {})()
    server.server_state.connections = {silent, resting, busy, renewed}
    idle = IdleConnections(server, timedelta(seconds=10).total_seconds())
    for now_s in (0, 5, 9):
        idle.close_idle(now_s)
    renewed.cycle = _Cycle(is_done=True)
    for now_s in (10, 15):
        idle.close_idle(now_s)
    closed = [silent.is_closed, resting.is_closed, busy.is_closed, renewed.is_closed]
    assert closed == [True, True, False, False]


def test_the_door_is_light() -> None:
    code = (
        "import sys, liftline.data.collect.http, liftline.adapters.event_log.segment; "
        "print({'duckdb','dbt','sqlalchemy','fastapi','pydantic','yaml','zstandard'} "
        "& set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "set()"
