"""Goal: any bytes get a verdict, never an exception, and the same meaning the same bytes."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liftline.data.events import canonical
from liftline.data.events.api import (
    MAX_BYTES,
    Checked,
    canonical_object,
    compile_plan,
    make_snapshot,
)
from liftline.data.events.canonical import parse_exactly
from liftline.data.events.contracts import EventSpec, PropertySpec, Sender, Violation
from liftline.data.events.diagnosis import examine
from liftline.data.events.rules import compile_rule

CASES = 3_000 if os.environ.get("LIFTLINE_SOAK") else 50
bounded = settings(max_examples=CASES, deadline=None)
KINDS = ("string", "integer", "number", "boolean", "timestamp", "array", "object", "any")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [":", '":', '\\":', "\\u003a", "\x00", "\x7f", "\u2028", "😀", "a b", "é", "e\u0301"]
)
NUMBERS = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 1.0, -0.0, 1e16, 1e22, 123456789012345680.0, 5e-324, 2**63 - 1])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=6)
# Pieces of JSON glued at random: nearly right, which is where parsers disagree.
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", '"', '"a"', '"a":1', '"b" : 2', "\\", "\\u0061", "\\u003a"]
    + ["\\ud800", "\\udc00", " ", "\t", "1", "-0", "1.0", "1e400", "-1e999", "null", "true"]
    + ["NaN", "Infinity", "9223372036854775807", "9223372036854775808", "1" * 30, "\x00", "é"]
    + ['{"a":1,"a":2}', '{"a" :1,"\\u0061":2}', '{"x":{"y":[{"z":1}]}}', "\ufeff", "01", "1."]
)
GLUED = st.lists(PIECES, max_size=14).map("".join).map(str.encode)
NEARLY_OBJECTS = st.builds(
    lambda head, value, tail: head + json.dumps(value).encode() + tail,
    st.sampled_from([b"", b" ", b"\xef\xbb\xbf"]),
    OBJECTS,
    st.sampled_from([b"", b"\n", b",", b"}", b"\xff"]),
)
BYTES = st.binary(max_size=60) | GLUED | GLUED.map(lambda text: b'{"a":' + text + b"}")
BYTES |= NEARLY_OBJECTS


def spelled(value: Any, draw: Any) -> str:
    """The same value in another spelling: blank space, key order, escapes."""
    blank = st.sampled_from(["", " ", "\n", "\t ", "\r\n"])
    gap = lambda: draw(blank)  # noqa: E731 - read in f-strings below
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        inner = ",".join(
            f"{gap()}{text_spelled(key, draw)}{gap()}:{gap()}{spelled(value[key], draw)}{gap()}"
            for key in keys
        )
        return f"{{{inner}}}"
    if isinstance(value, list):
        return "[" + ",".join(f"{gap()}{spelled(one, draw)}{gap()}" for one in value) + "]"
    if isinstance(value, str):
        return text_spelled(value, draw)
    return json.dumps(value)


def text_spelled(text: str, draw: Any) -> str:
    return json.dumps(text, ensure_ascii=draw(st.booleans()))


def same(one: Any, other: Any) -> bool:
    """Equal as JSON means it here: 1 is not 1.0, -0.0 is not 0.0, true is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@bounded
@given(BYTES)
@example(b"[" * 100_000)
@example(b'{"a":' * 40_000)
@example(b'{"a":' + b"[" * 33 + b"]" * 33 + b"}")
@example(b'{"a":"\\ud800"}')
@example(b'{"a":1e400}')
@example(b'{"a":' + b"9" * 5000 + b"}")
@example(b'{"a":"\xed\xa0\x80"}')
def test_arbitrary_bytes_get_a_verdict(raw: bytes) -> None:
    verdict = canonical_object(raw)
    assert isinstance(verdict, bytes | Violation)
    if isinstance(verdict, Violation):
        assert verdict.code and verdict.message and verdict.cure


@bounded
@given(BYTES)
def test_the_fast_way_and_the_exact_way_agree(raw: bytes) -> None:
    exact = parse_exactly(raw)
    if isinstance(exact, Violation):
        assert canonical_object(raw) == exact
    else:
        assert canonical_object(raw) == exact[1]


@bounded
@given(OBJECTS, st.data())
def test_one_meaning_has_one_spelling(value: dict[str, Any], data: st.DataObject) -> None:
    first = canonical_object(spelled(value, data.draw).encode())
    second = canonical_object(spelled(value, data.draw).encode())
    assert isinstance(first, bytes)
    assert first == second
    assert canonical_object(first) == first
    assert same(json.loads(first), value)


@bounded
@given(OBJECTS, OBJECTS)
@example({"a": 1}, {"a": 1.0})
@example({"a": 0.0}, {"a": -0.0})
@example({"a": True}, {"a": 1})
@example({"a": "é"}, {"a": "e\u0301"})
def test_two_meanings_have_two_spellings(one: dict[str, Any], other: dict[str, Any]) -> None:
    spellings = [canonical_object(json.dumps(value).encode()) for value in (one, other)]
    assert (spellings[0] == spellings[1]) == same(one, other)


@bounded
@given(OBJECTS, TEXTS, VALUES, VALUES, st.integers(0, 4), st.data())
def test_a_key_there_twice_is_found_at_any_depth(
    rest: dict[str, Any], key: str, one: Any, two: Any, depth: int, data: st.DataObject
) -> None:
    pairs = [(name, value) for name, value in rest.items() if name != key]
    pairs += [(key, one), (key, two)]
    shuffled = data.draw(st.permutations(pairs))
    text = ",".join(
        f"{text_spelled(name, data.draw)} : {spelled(value, data.draw)}" for name, value in shuffled
    )
    raw = '{"x":[' * depth + f"{{{text}}}" + "]}" * depth
    verdict = canonical_object(raw.encode())
    assert isinstance(verdict, Violation)
    assert verdict.code == "duplicate_key"


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"a":2}', b'{"a":1,"a" :2}', b'{"a":1,"a":"\\u003a"}', b'{"x":{"a":1,"a":1}}']
)
def test_canary_without_its_guard_the_fast_way_misses_a_duplicate(
    raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(canonical_object(raw), Violation)
    monkeypatch.setattr(canonical, "is_surely_unique", lambda _raw, _canonical: True)
    assert isinstance(canonical_object(raw), bytes)


def test_canary_counting_quotes_and_colons_alone_would_be_fooled() -> None:
    """Why the guard counts single colons, and looks away from any escape by number."""
    raw = b'{"a":1,"a" :2}'
    kept = msgspec.json.encode(msgspec.json.decode(raw), order="sorted")
    assert raw.count(b'":') == kept.count(b'":')
    raw = b'{"a":1,"a":"\\u003a"}'
    kept = msgspec.json.encode(msgspec.json.decode(raw), order="sorted")
    assert raw.count(b":") == kept.count(b":")


@pytest.mark.parametrize("levels", [1, 7, 8, 31, 32])
def test_depth_is_taken_up_to_the_bound(levels: int) -> None:
    raw = b'{"a":' * levels + b"1" + b"}" * levels
    assert canonical_object(raw) == raw
    too_deep = canonical_object(b'{"a":[' * 16 + b"[]" + b"]}" * 16)
    assert isinstance(too_deep, Violation)
    assert too_deep.code == "too_deep"


def test_size_is_taken_up_to_the_bound() -> None:
    fits = b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}'
    assert canonical_object(fits) == fits
    for over in (fits + b" ", b'{"a":[' + b"1e15," * 13_000 + b"1]}"):
        verdict = canonical_object(over)
        assert isinstance(verdict, Violation)
        assert verdict.code == "too_large"


# -- the plan ------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "user_id", "zz", "__class__", "from"])
SENDERS: tuple[Sender, ...] = ("public", "server", "ci", "system")


@st.composite
def properties(draw: st.DrawFn, name: str) -> PropertySpec:
    kind = "string" if name == "user_id" else draw(st.sampled_from(KINDS))
    low = draw(st.none() | st.integers(-3, 3)) if kind in ("integer", "number") else None
    high = draw(st.none() | st.floats(0, 9)) if kind in ("integer", "number") else None
    can_list = kind == "string" and name != "user_id"
    return PropertySpec(
        type=kind,  # type: ignore[arg-type]
        description="one",
        required=draw(st.booleans()),
        nullable=draw(st.booleans()),
        enum=draw(st.sampled_from([(), ("a", "b")])) if can_list else (),
        minimum=low,
        maximum=high,
        max_length=draw(st.sampled_from([None, 2])) if kind in ("string", "array") else None,
    )


@st.composite
def plans(draw: st.DrawFn) -> EventSpec:
    names = draw(st.sets(NAMES, max_size=5))
    wanted = {name: draw(properties(name)) for name in sorted(names)}
    keyable = [
        name
        for name, one in wanted.items()
        if one.required and not one.nullable and one.type in ("string", "integer")
    ]
    key = draw(st.lists(st.sampled_from(["user_id", *keyable]), unique=True, max_size=2))
    return EventSpec(
        name="thing_done",
        version=1,
        owner="a",
        purpose="b",
        senders=SENDERS,
        retention_days=1,
        consent="analytics",
        properties=wanted,
        business_key=tuple(key),
        requires_user_id=draw(st.booleans()),
        additional=draw(st.sampled_from(["reject", "keep"])),
    )


LIKELY = st.sampled_from(
    [None, True, 0, 1, -1, 2.5, 1.0, -0.0, "a", "b", "", "abc", "u1", [], [1], {}, {"k": 1}]
    + [
        "2026-03-02T09:30:00Z",
        "2026-03-02t09:30:00z",
        "2026-03-02T09:30:00",
        "2026-02-30T00:00:00Z",
    ]
    + ["1969-12-31T00:00:00Z", "2026-03-02T09:30:00+0100", "2026-03-02 09:30:00+01:00", "2026"]
)
PLANNED_OBJECTS = st.dictionaries(NAMES, LIKELY | VALUES, max_size=5)


@bounded
@given(plans(), PLANNED_OBJECTS, st.none() | st.sampled_from(["", "a", "u1"]), st.data())
def test_a_compiled_event_and_its_exact_reading_agree(
    spec: EventSpec, value: dict[str, Any], user_id: str | None, data: st.DataObject
) -> None:
    raw = spelled(value, data.draw).encode()
    fast = compile_rule(spec)(raw, user_id)
    assert fast == examine(spec, raw, user_id)
    if isinstance(fast, Checked):
        assert fast.properties == canonical_object(raw), "the plan never changes the bytes"


@bounded
@given(plans(), BYTES, st.sampled_from([None, "u1"]))
def test_no_bytes_make_a_compiled_event_raise(
    spec: EventSpec, raw: bytes, user_id: str | None
) -> None:
    assert compile_rule(spec)(raw, user_id) == examine(spec, raw, user_id)


@bounded
@given(st.text(max_size=12), st.text(max_size=6), BYTES, st.sampled_from(SENDERS))
def test_no_envelope_makes_a_plan_raise(
    name: str, event_type: str, raw: bytes, sender: Sender
) -> None:
    plan = compile_plan(make_snapshot([], {"dev": "keep"}, 1))
    for kind in (event_type, "track", "identify"):
        for environment in ("dev", "prod"):
            verdict = plan.check(
                event_type=kind,
                name=name,
                raw_properties=raw,
                sender=sender,
                environment=environment,
                user_id=None,
            )
            assert isinstance(verdict, Checked | Violation)
