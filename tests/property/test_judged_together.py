"""Goal: a batch decided in columns gets the verdicts and bytes of judging each event alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.data.collect import verdicts
from liftline.data.collect.contracts import Limits, UnreadableError
from liftline.data.collect.lines import Common, kind_and
from liftline.data.collect.together import Request, decide_together
from liftline.data.collect.verdicts import Judge, Verdict
from liftline.data.collect.wire import read_body
from liftline.data.events.api import compile_plan, make_snapshot
from liftline.data.events.contracts import EventSpec, EventType, PropertySpec

CASES = 3_000 if os.environ.get("LIFTLINE_SOAK") else 150
NOW = datetime(2026, 5, 1, tzinfo=UTC)
KINDS: Any = {
    "u": {"user_id": "string"},
    "k": {"user_id": "string", "n": "number", "at": "timestamp"},
    "i": {"at": "timestamp", "late": "timestamp", "more": "any", "list": "array"},
    "o": {"obj": "object", "flag": "boolean"},
    "open": {"n": "integer"},
    "old": {"n": "integer"},
}


def _spec(name: str, kinds: dict[str, Any], **more: Any) -> EventSpec:
    return EventSpec(
        name=name, version=1, owner="o", purpose="p", senders=("server",), retention_days=1,
        consent="analytics", **more,
        properties={
            key: PropertySpec(
                type=kind, description="d", nullable=key == "late", required=key == "n"
            )
            for key, kind in kinds.items()
        },
    )  # fmt: skip


PLAN = compile_plan(
    make_snapshot(
        [
            _spec("u", KINDS["u"], requires_user_id=True),
            _spec("k", KINDS["k"], business_key=("user_id", "n")),
            _spec("i", KINDS["i"]),
            _spec("o", KINDS["o"]),
            _spec("open", KINDS["open"], additional="keep"),
            _spec("old", KINDS["old"], is_deprecated=True),
        ],
        {"prod": "reject"},
        7,
    )
)
USERS = st.sampled_from(["u1", "u2", "", None])
INSTANTS = st.sampled_from(
    ["2026-03-01T09:30:00Z", "2026-03-01T09:30:00.123Z", "2026-03-01T09:30:00.123456Z"] * 3
    + ["2026-03-01T09:30:00.123456789Z", "2026-03-01T09:30:00+02:00", "2026-03-01T09:30+00:00"]
    + ["2026-03-01t09:30:00z", "2026-03-01T09:30:00,5Z", "2026-02-30T00:00:00Z", "", "soon"]
    + ["1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2026-03-01 09:30:00Z"]
)
VALUES = st.sampled_from(
    [1, 1.0, -0.0, 1e16, "a:b", 'q"', "é\u2028", True, None, [], {}, [{"b": 1, "a": [2]}],
     {"z": {"y": 1, "x": ":"}, "a": 0}, 2**63, "u1", "2026-03-01T09:30:00Z"]
)  # fmt: skip
PLAIN = st.sampled_from(["u", "k", "i", "o"])
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "user_id": USERS, "n": st.sampled_from([1, 1.0, 2, "x"]), "at": INSTANTS,
        "late": INSTANTS | st.none(), "more": VALUES, "list": VALUES, "obj": VALUES,
        "flag": st.booleans(),
    },
)  # fmt: skip
BOUND = {"u": ["user_id"], "k": ["user_id", "n", "at"], "i": ["at", "late", "more", "list"],
         "o": ["obj", "flag"]}  # fmt: skip


def _fitting(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key in BOUND.get(name, properties)}


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """Mostly an ordinary planned event; now and then one that is odd in one way."""
    name = draw(PLAIN | st.sampled_from(["open", "old", "nobody", ""]))
    event: dict[str, Any] = {"event": name, "message_id": draw(st.text(max_size=4)) or "m"}
    event["timestamp"] = draw(INSTANTS if draw(st.integers(0, 9)) == 0 else INSTANTS_PLAIN)
    event["properties"] = _fitting(name, draw(PROPERTIES))
    extra = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "user_id": USERS, "userId": USERS, "anonymous_id": USERS, "type": TYPES,
                "name": USERS, "context": st.sampled_from([None, {}, {"b": 1, "a": ":"}, [1]]),
                "properties": PROPERTIES | st.none(), "unknown": VALUES,
                "message_id": st.sampled_from(["x" * 60, "x" * 201, "\u20ac" * 67, "", None]),
            },
        )
        if draw(st.booleans())
        else st.just({})
    )  # fmt: skip
    raw = msgspec.json.encode(event | extra)
    return draw(st.sampled_from([raw] * 5 + [_twice(raw), raw.replace(b":", b" : ")]))


TYPES = st.sampled_from(["track", "identify", "page", "odd", None])
INSTANTS_PLAIN = st.sampled_from(["2026-03-01T09:30:00Z", "2026-03-01T09:30:00.123Z"])


def _twice(raw: bytes) -> bytes:
    """The same event with one property twice, where it has one."""
    return raw.replace(b'"user_id":"u1"', b'"user_id":"u2","user_id":"u1"').replace(
        b'"flag":', b'"flag":true,"\\u0066lag":'
    )


def request(default_type: EventType = "track") -> Request:
    common = Common(
        project="demo", environment="prod", source_id="s", sent_at=None, received_at=NOW,
        sender="server", plan_version=7, is_historical=False,
    )  # fmt: skip
    return Request(
        common=common, kind=kind_and(common), plan=PLAN, default_type=default_type, mint="mint"
    )


def alone(body: bytes, asked: Request, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "WORTH_GROUPING", 10**9)
        return Judge(Limits()).judge(read_body(body).events, asked)


@settings(max_examples=CASES, deadline=None)
@given(st.lists(events(), min_size=4, max_size=12), st.sampled_from(["track", "page"]))
def test_together_and_alone_agree(raws: list[bytes], default_type: EventType) -> None:
    body = b"[" + b",".join(raws) + b"]"
    asked = request(default_type)
    try:
        posted = read_body(body)
    except UnreadableError:
        return
    with pytest.MonkeyPatch.context() as patch:
        expected = alone(body, asked, patch)
    judge = Judge(Limits())
    for _ in range(2):  # the second time every context is known
        verdict = judge.judge(posted.events, asked)
        assert verdict.rejections == expected.rejections
        assert (verdict.minted, verdict.warnings) == (expected.minted, expected.warnings)
        assert verdict.written().splitlines() == _written(expected)


def _written(verdict: Verdict) -> list[bytes]:
    return [msgspec.json.encode(line) for line in verdict.lines]


def test_canary_ordinary_events_are_decided_together() -> None:
    event = {"event": "u", "message_id": "m", "user_id": "u1", "timestamp": "2026-03-01T09:30:00Z",
             "properties": {"user_id": "u1"}, "context": {}}  # fmt: skip
    plain = msgspec.json.encode(event)
    double = plain.replace(b'{"user_id":', b'{"user_id":"u1","user_id":')
    raws = [plain] * 4
    rows = decide_together(read_body(b"[%b]" % b",".join(raws)).events, request(), Limits())
    assert rows is not None
    assert all(row[5] is not None for row in rows)
    raws.append(double)
    rows = decide_together(read_body(b"[%b]" % b",".join(raws)).events, request(), Limits())
    assert rows is not None
    assert all(row[5] is None for row in rows), "one key twice, and none of its name is trusted"
