"""Goal: a change that would reject events or drop columns is a decision, never a slip."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from liftline.data.events.api import (
    BreakingPlanError,
    make_snapshot,
    next_snapshot,
    plan_changes,
    snapshot_changes,
)
from liftline.data.events.contracts import EventSpec, PropertySpec, Unplanned

UNPLANNED = {"dev": "keep", "prod": "reject"}
TEXT = PropertySpec(type="string", description="one", required=True, enum=("a", "b"))
COUNT = PropertySpec(type="integer", description="two", minimum=0, maximum=10)
OLD = EventSpec(
    name="thing_done",
    version=1,
    owner="growth",
    purpose="to try",
    senders=("public", "server"),
    retention_days=30,
    consent="analytics",
    properties={"kind": TEXT, "count": COUNT},
    business_key=("kind",),
)
replace = msgspec.structs.replace


def with_kind(**more: Any) -> EventSpec:
    return replace(OLD, properties={"kind": replace(TEXT, **more), "count": COUNT})


def with_count(**more: Any) -> EventSpec:
    return replace(OLD, properties={"kind": TEXT, "count": replace(COUNT, **more)})


NEW = PropertySpec(type="string", description="new")
BREAKING = {
    "property gone": replace(OLD, properties={"kind": TEXT}),
    "required property added": replace(
        OLD, properties={**OLD.properties, "x": replace(NEW, required=True)}
    ),
    "required now": with_count(required=True),
    "type changed": with_kind(type="any", enum=()),
    "type narrowed": with_count(type="boolean", minimum=None, maximum=None),
    "enum value gone": with_kind(enum=("a",)),
    "minimum raised": with_count(minimum=1),
    "maximum lowered": with_count(maximum=9),
    "max_length set": with_kind(max_length=3),
    "sender gone": replace(OLD, senders=("server",)),
    "business key changed": replace(OLD, business_key=("kind", "count")),
    "user needed": replace(OLD, requires_user_id=True),
}
HARMLESS = {
    "property added": replace(OLD, properties={**OLD.properties, "x": NEW}),
    "optional now": with_kind(required=False),
    "nullable now": with_kind(nullable=True),
    "wider type": with_count(type="number"),
    "enum value added": with_kind(enum=("a", "b", "c")),
    "enum dropped": with_kind(enum=()),
    "wider bounds": with_count(minimum=None, maximum=11),
    "sender added": replace(OLD, senders=("public", "server", "ci")),
    "open now": replace(OLD, additional="keep"),
    "other words": replace(OLD, owner="data", purpose="still to try", retention_days=10),
    "personal": with_kind(pii="personal"),
    "deprecated": replace(OLD, is_deprecated=True),
    "examples": replace(OLD, examples_good=({"kind": "a"},)),
}


@pytest.mark.parametrize("new", BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_needs_a_version(new: EventSpec) -> None:
    changes = plan_changes([OLD], [new])
    assert any(one.is_refused for one in changes)
    current = make_snapshot([OLD], UNPLANNED, 4)
    with pytest.raises(BreakingPlanError) as caught:
        next_snapshot(current, [new], UNPLANNED)
    assert "version" in caught.value.cure
    assert next_snapshot(current, [new], UNPLANNED, allow_breaking=True).version == 5
    raised = replace(new, version=2)
    assert not any(one.is_refused for one in plan_changes([OLD], [raised]))
    assert next_snapshot(current, [raised], UNPLANNED).version == 5


@pytest.mark.parametrize("new", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_change_is_said_and_taken(new: EventSpec) -> None:
    changes = plan_changes([OLD], [new])
    assert changes
    assert not any(one.is_breaking for one in changes)
    assert next_snapshot(make_snapshot([OLD], UNPLANNED, 4), [new], UNPLANNED).version == 5


QUIET = {"other words", "personal", "deprecated", "examples"}


@pytest.mark.parametrize("name", sorted(HARMLESS.keys() - QUIET))
def test_what_was_widened_cannot_be_taken_back_unseen(name: str) -> None:
    assert any(one.is_refused for one in plan_changes([HARMLESS[name]], [OLD]))


def test_an_event_goes_only_after_it_was_deprecated() -> None:
    assert plan_changes([OLD], [])[0].is_refused
    assert not plan_changes([replace(OLD, is_deprecated=True)], [])[0].is_refused
    with pytest.raises(BreakingPlanError):
        next_snapshot(make_snapshot([OLD], UNPLANNED, 1), [], UNPLANNED)


def test_a_version_never_goes_back() -> None:
    changes = plan_changes([replace(OLD, version=3)], [replace(OLD, version=2)])
    assert [str(one) for one in changes] == [
        "~ thing_done: version goes back from 3 to 2 (breaking)"
    ]
    assert changes[0].is_refused


def test_the_same_plan_keeps_its_version() -> None:
    current = make_snapshot([OLD], UNPLANNED, 4)
    assert next_snapshot(current, [OLD], UNPLANNED) is current
    assert next_snapshot(current, [OLD], {"dev": "reject"}).version == 5
    assert next_snapshot(None, [OLD], UNPLANNED).version == 1


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            {"prod": "keep"},
            {"prod": "reject"},
            "~ unplanned events: prod: keep -> reject, by the settings (breaking)",
        ),
        (
            {"prod": "keep"},
            {},
            "~ unplanned events: prod: keep -> reject, by the settings (breaking)",
        ),
        (
            {"prod": "reject"},
            {"prod": "keep"},
            "~ unplanned events: prod: reject -> keep, by the settings",
        ),
    ],
)
def test_rejecting_the_unplanned_breaks_and_is_the_settings_to_decide(
    before: dict[str, Unplanned], after: dict[str, Unplanned], sentence: str
) -> None:
    """It is said, and put in force: a changed setting must not stop the app from starting."""
    current = make_snapshot([OLD], before, 4)
    following = next_snapshot(current, [OLD], after)
    assert (following.version, following.unplanned) == (5, after)
    changes = snapshot_changes(current, following)
    assert [str(one) for one in changes] == [sentence]
    assert not changes[0].is_refused
    assert snapshot_changes(following, make_snapshot([OLD], dict(after), 6)) == ()


def test_silence_of_the_settings_is_no_change_from_reject() -> None:
    rejecting = make_snapshot([OLD], {"prod": "reject"}, 1)
    assert snapshot_changes(rejecting, make_snapshot([OLD], {}, 2)) == ()


def test_changes_read_well() -> None:
    new = replace(
        with_kind(enum=("a", "c")), version=2, senders=("server", "ci"), retention_days=60
    )
    assert [str(one) for one in plan_changes([OLD], [new, replace(OLD, name="z")])] == [
        "- thing_done: sender public may no longer send it (breaking)",
        "+ thing_done: sender ci may send it",
        "~ thing_done: retention_days 30 -> 60",
        "~ thing_done: kind: value b is gone (breaking)",
        "~ thing_done: kind: new value c",
        "~ thing_done: version 1 -> 2",
        "+ z: new event (growth)",
    ]
