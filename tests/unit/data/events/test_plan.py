"""Goal: each event gets the right verdict, and each rejection words that help."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from liftline.data.events.api import Checked, CompiledPlan, compile_plan, make_snapshot
from liftline.data.events.contracts import EventSpec, PropertySpec, Sender, Violation
from liftline.data.events.plan import MAX_EVENTS, DoubleEventError, PlanTooLargeError

ENVIRONMENTS = {"dev": "keep", "prod": "reject"}


def text(**more: Any) -> PropertySpec:
    return PropertySpec(type="string", description="one", **more)


def spec(name: str = "thing_done", **more: Any) -> EventSpec:
    settings: dict[str, Any] = {
        "version": 1,
        "owner": "growth",
        "purpose": "to try",
        "senders": ("public", "server"),
        "retention_days": 30,
        "consent": "analytics",
        "properties": {
            "kind": text(required=True, enum=("a", "b")),
            "label": text(max_length=5, pii="personal"),
            "count": PropertySpec(type="integer", description="how many", minimum=0, maximum=10),
            "share": PropertySpec(type="number", description="0 to 1", minimum=0, maximum=1),
            "is_new": PropertySpec(type="boolean", description="one"),
            "at": PropertySpec(type="timestamp", description="when"),
            "tags": PropertySpec(type="array", description="tags", max_length=2),
            "more": PropertySpec(type="object", description="more"),
            "note": text(nullable=True),
        },
    }
    return EventSpec(name=name, **{**settings, **more})


USER = text(pii="pseudonymous")
PLAN = compile_plan(
    make_snapshot(
        [
            spec(),
            spec("user_done", properties={"user_id": USER}, requires_user_id=True),
            spec("once_done", properties={"user_id": USER}, business_key=("user_id",)),
            spec(
                "keyed_done",
                properties={
                    "code": text(required=True),
                    "n": PropertySpec(type="integer", description="n", required=True),
                },
                business_key=("code", "n"),
            ),
            spec(
                "mixed_done",
                properties={"code": text(required=True)},
                business_key=("user_id", "code"),
            ),
            spec("open_done", properties={"kind": text(required=True)}, additional="keep"),
            spec("old_done", properties={}, is_deprecated=True),
            spec("server_done", properties={}, senders=("server", "system")),
        ],
        ENVIRONMENTS,
        7,
    )
)


def check(
    name: str,
    properties: Any,
    *,
    user_id: str | None = None,
    sender: Sender = "server",
    environment: str = "prod",
    event_type: str = "track",
    plan: CompiledPlan = PLAN,
) -> Checked | Violation:
    raw = properties if isinstance(properties, bytes) else json.dumps(properties).encode()
    return plan.check(
        event_type=event_type,
        name=name,
        raw_properties=raw,
        sender=sender,
        environment=environment,
        user_id=user_id,
    )


GOOD = {"kind": "a"}


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        ({}, "required_missing", "thing_done.kind"),
        ({"kind": 1}, "datatype_mismatch", "an integer came: 1"),
        ({"kind": None}, "datatype_mismatch", "null came"),
        ({"kind": "c"}, "not_in_enum", "'c'"),
        ({**GOOD, "label": "abcdef"}, "too_long", "6 characters"),
        ({**GOOD, "label": 7}, "datatype_mismatch", "a value not shown here"),
        ({**GOOD, "count": -1}, "out_of_range", "from 0 to 10"),
        ({**GOOD, "count": 11}, "out_of_range", "is 11"),
        ({**GOOD, "count": 1.0}, "datatype_mismatch", "a number with a point"),
        ({**GOOD, "count": "1"}, "datatype_mismatch", "a string came: '1'"),
        ({**GOOD, "count": True}, "datatype_mismatch", "a boolean"),
        ({**GOOD, "share": 1.5}, "out_of_range", "1.5"),
        ({**GOOD, "share": "0.5"}, "datatype_mismatch", "should be a number"),
        ({**GOOD, "is_new": "true"}, "datatype_mismatch", "should be a boolean"),
        ({**GOOD, "at": "2026-03-02"}, "datatype_mismatch", "should be a timestamp"),
        ({**GOOD, "at": "2026-02-30T00:00:00Z"}, "datatype_mismatch", "timestamp"),
        ({**GOOD, "tags": [1, 2, 3]}, "too_long", "3 items"),
        ({**GOOD, "tags": {}}, "datatype_mismatch", "an object came"),
        ({**GOOD, "more": []}, "datatype_mismatch", "an array came"),
        ({**GOOD, "isNew": True}, "additional_property", "'isNew'"),
        (b'{"kind":"a","kind":"a"}', "duplicate_key", "'kind'"),
        (b'{"kind":"a","more":{"x":1,"x":1}}', "duplicate_key", "'x'"),
        (b'{"kind":"a","count":99999999999999999999}', "integer_out_of_range", "64 bits"),
        (b'{"kind":"a","share":1e400}', "not_finite", "1e400"),
        (b'{"kind":"\xff"}', "not_utf8", "byte 9"),
        (b'{"kind":"\\ud800"}', "not_utf8", "surrogate"),
        (b'{"kind":"a","more":' + b'{"a":' * 40 + b"1" + b"}" * 41, "too_deep", "32 levels"),
        (b'{"kind":"a","label":"' + b"x" * 70_000 + b'"}', "too_large", "65536"),
        (b"[]", "not_an_object", "an array"),
        (b"null", "not_an_object", "null"),
        (b"", "not_json", "empty"),
        (b"{kind: 1}", "not_json", "not JSON"),
    ],
)
def test_a_rejection_names_the_property_and_says_what_to_do(
    properties: Any, code: str, words: str
) -> None:
    verdict = check("thing_done", properties)
    assert isinstance(verdict, Violation)
    assert verdict.code == code
    assert words in verdict.message
    assert len(verdict.cure) > 10


def test_a_wrong_spelling_is_guessed() -> None:
    verdict = check("thing_done", {**GOOD, "isNew": True})
    assert isinstance(verdict, Violation)
    assert verdict.cure.startswith("did you mean is_new?")
    verdict = check("Thing Done", GOOD)
    assert isinstance(verdict, Violation)
    assert (verdict.code, verdict.cure.split("?")[0]) == (
        "unplanned_event",
        "did you mean thing_done",
    )


def test_what_is_accepted_is_canonical_and_unchanged_in_meaning() -> None:
    everything = {
        "tags": ["x", 1],
        "more": {"z": 1.0, "a": {"c": 1, "b": None}},
        "kind": "a",
        "label": "éé😀",
        "count": 10,
        "share": 1,
        "is_new": False,
        "at": "2026-03-02T10:30:00.5+01:00",
        "note": None,
    }
    verdict = check("thing_done", everything)
    assert isinstance(verdict, Checked)
    assert verdict.is_planned
    assert verdict.properties.decode() == json.dumps(
        everything, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def test_users_in_envelope_and_properties_must_agree() -> None:
    assert isinstance(check("user_done", {}, user_id="u1"), Checked)
    assert isinstance(check("user_done", {"user_id": "u1"}), Checked)
    assert isinstance(check("user_done", {"user_id": "u1"}, user_id="u1"), Checked)
    for properties, user_id, code in (
        ({"user_id": "u2"}, "u1", "user_id_mismatch"),
        ({}, None, "user_id_missing"),
        ({"user_id": ""}, "", "user_id_missing"),
    ):
        verdict = check("user_done", properties, user_id=user_id)
        assert isinstance(verdict, Violation)
        assert verdict.code == code


def test_a_business_key_reads_the_envelope_and_else_the_property() -> None:
    for verdict, key in (
        (check("once_done", {"user_id": "u1"}), '["u1"]'),
        (check("once_done", {}, user_id="u1"), '["u1"]'),
        (check("once_done", {"user_id": "u1"}, user_id="u1"), '["u1"]'),
        (check("keyed_done", {"n": 3, "code": "é"}), '["é",3]'),
        (check("mixed_done", {"code": "x"}, user_id="u1"), '["u1","x"]'),
        (check("thing_done", GOOD), None),
    ):
        assert isinstance(verdict, Checked)
        assert verdict.business_key == key
    missing = check("once_done", {})
    assert isinstance(missing, Violation)
    assert missing.code == "user_id_missing"


def test_an_open_event_keeps_what_the_plan_does_not_name() -> None:
    verdict = check("open_done", {"zz": [1], "kind": "a", "user_id": "not the plan's"})
    assert isinstance(verdict, Checked)
    assert verdict.properties == b'{"kind":"a","user_id":"not the plan\'s","zz":[1]}'
    assert isinstance(check("open_done", {"zz": 1}), Violation)


def test_only_allowed_senders_are_believed() -> None:
    verdict = check("server_done", {}, sender="public")
    assert isinstance(verdict, Violation)
    assert verdict.code == "sender_not_allowed"
    assert "server or system" in verdict.cure
    assert isinstance(check("server_done", {}, sender="system"), Checked)


def test_unplanned_events_are_kept_or_rejected_by_environment() -> None:
    kept = check("never_heard_of", {"b": 1, "a": 2}, environment="dev", sender="public")
    assert kept == Checked(b'{"a":2,"b":1}', False)
    for environment in ("prod", "staging"):
        verdict = check("never_heard_of", {}, environment=environment)
        assert isinstance(verdict, Violation)
        assert verdict.code == "unplanned_event"
    assert isinstance(check("never_heard_of", b'{"a":1,"a":1}', environment="dev"), Violation)
    # planned, but by somebody else: an environment that keeps unplanned events is no way in
    forged = check("server_done", {}, environment="dev", sender="public")
    assert isinstance(forged, Violation)


def test_built_in_events_need_no_plan() -> None:
    for kind in ("identify", "page", "screen", "group", "alias"):
        verdict = check("", {"plan": "pro"}, event_type=kind, sender="public")
        assert verdict == Checked(b'{"plan":"pro"}', True)
    assert check("$feature_flag_called", {}, sender="public") == Checked(b"{}", True)
    for name, sender in (("$liftline_decision", "public"), ("$liftline_decision", "server")):
        verdict = check(name, {}, sender=sender)  # type: ignore[arg-type]
        assert isinstance(verdict, Violation)
        assert verdict.code == "sender_not_allowed"
    assert isinstance(check("$liftline_decision", {}, sender="system"), Checked)


@pytest.mark.parametrize(
    ("name", "event_type", "code"),
    [("", "track", "bad_name"), ("x" * 201, "track", "bad_name"), ("a\nb", "track", "bad_name"),
     ("x", "tarck", "unknown_type"), ("x" * 201, "page", "bad_name")],
)  # fmt: skip
def test_an_odd_envelope_is_rejected(name: str, event_type: str, code: str) -> None:
    verdict = check(name, {}, event_type=event_type, environment="dev")
    assert isinstance(verdict, Violation)
    assert verdict.code == code


def test_a_deprecated_event_is_taken_with_a_warning() -> None:
    verdict = check("old_done", {})
    assert isinstance(verdict, Checked)
    assert verdict.warning == "old_done is deprecated; ask growth what replaces it"


def test_a_snapshot_s_digest_tells_meaning_from_order() -> None:
    one, two = spec("a_done"), spec("b_done")
    first = make_snapshot([one, two], ENVIRONMENTS, 1)
    assert first.digest == make_snapshot([two, one], ENVIRONMENTS, 9).digest
    assert first.digest != make_snapshot([one], ENVIRONMENTS, 1).digest
    assert first.digest != make_snapshot([one, two], {"dev": "reject"}, 1).digest
    with pytest.raises(DoubleEventError):
        make_snapshot([one, one], ENVIRONMENTS, 1)
    with pytest.raises(PlanTooLargeError):
        make_snapshot([spec(f"e_{n}") for n in range(MAX_EVENTS + 1)], ENVIRONMENTS, 1)


def test_the_door_loads_nothing_heavy() -> None:
    code = (
        "import sys, liftline.data.events.api;"
        "print(sorted({'yaml', 'pydantic', 'duckdb', 'sqlalchemy', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert done.stdout.strip() == b"[]"
