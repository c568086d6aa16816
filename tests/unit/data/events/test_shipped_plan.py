"""Goal: the plan Liftline ships is complete, and fits the product that reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liftline.data.events.api import Checked, compile_plan, make_snapshot, read_plan, shipped_plan
from liftline.data.events.contracts import EventSpec, Violation
from liftline.data.events.reference import reference_page
from liftline.data.events.room import ROOM

ROOT = Path(__file__).resolve().parents[4]
ONBOARDING = (
    *("onboarding_step_started", "onboarding_step_completed"),
    *("checklist_viewed", "tooltip_opened"),
)
ONLY_TRUSTED = ("email_", "ci_", "artifact_", "deployment", "user_activated")


def test_nothing_is_to_be_said_against_it() -> None:
    reading = read_plan([shipped_plan()])
    assert reading.findings == ()
    assert len(reading.events) == 29


def test_the_room_names_events_of_the_plan(shipped_events: tuple[EventSpec, ...]) -> None:
    assert set(ROOM.events) < {spec.name for spec in shipped_events}
    assert len(ROOM.events) >= 20


@pytest.mark.parametrize("name", ONBOARDING)
def test_onboarding_events_say_who_which_step_and_when(
    shipped_events: tuple[EventSpec, ...], name: str
) -> None:
    spec = next(one for one in shipped_events if one.name == name)
    kinds = {key: spec.properties[key].type for key in ("user_id", "step_id", "ts")}
    assert kinds == {"user_id": "string", "step_id": "string", "ts": "timestamp"}
    assert all(spec.properties[key].required for key in kinds)


def test_no_browser_may_forge_what_only_machines_know(
    shipped_events: tuple[EventSpec, ...],
) -> None:
    guarded = [spec for spec in shipped_events if spec.name.startswith(ONLY_TRUSTED)]
    assert len(guarded) == 16
    assert [spec.name for spec in guarded if "public" in spec.senders] == []


@pytest.mark.parametrize("name", ["user_signed_up", "invite_created"])
def test_a_forged_first_event_cannot_stand_in_place_of_the_server_s(
    shipped_events: tuple[EventSpec, ...], name: str
) -> None:
    """Of two events with one business key the first counts, whoever sent it."""
    spec = next(one for one in shipped_events if one.name == name)
    assert spec.business_key
    assert spec.senders == ("server",)
    plan = compile_plan(make_snapshot(shipped_events, {"prod": "reject"}, 1))
    for sender, kind in (("server", Checked), ("public", Violation)):
        verdict = plan.check(
            event_type="track",
            name=name,
            raw_properties=json.dumps(spec.examples_good[0]).encode(),
            sender=sender,  # type: ignore[arg-type]
            environment="prod",
            user_id=None,
        )
        assert isinstance(verdict, kind)


def test_facts_that_happen_once_have_a_business_key(
    shipped_events: tuple[EventSpec, ...],
) -> None:
    keys = {spec.name: spec.business_key for spec in shipped_events if spec.business_key}
    assert keys["user_signed_up"] == keys["user_activated"] == ("user_id",)
    assert keys["email_sent"] == ("send_id",)
    assert len(keys) == 11
    keyed = [spec for spec in shipped_events if spec.business_key]
    assert [spec.name for spec in keyed if "public" in spec.senders] == [], (
        "the first event of a key counts, so nobody may forge one"
    )


def test_no_property_carries_an_address_or_free_text(
    shipped_events: tuple[EventSpec, ...],
) -> None:
    personal = {
        (spec.name, name)
        for spec in shipped_events
        for name, wanted in spec.properties.items()
        if wanted.pii in ("personal", "sensitive")
    }
    assert personal == {("search_performed", "query")}
    search = next(spec for spec in shipped_events if spec.name == "search_performed")
    assert search.retention_days <= 30


def test_examples_get_the_same_verdict_at_the_door(shipped_events: tuple[EventSpec, ...]) -> None:
    plan = compile_plan(make_snapshot(shipped_events, {"prod": "reject"}, 1))
    ran = 0
    for spec in shipped_events:
        for examples, kind in ((spec.examples_good, Checked), (spec.examples_bad, Violation)):
            for example in examples:
                verdict = plan.check(
                    event_type="track",
                    name=spec.name,
                    raw_properties=json.dumps(example).encode(),
                    sender=spec.senders[0],
                    environment="prod",
                    user_id=None,
                )
                assert isinstance(verdict, kind), (spec.name, example, verdict)
                ran += 1
    assert ran >= 80


def test_the_reference_page_is_fresh(shipped_events: tuple[EventSpec, ...]) -> None:
    page = ROOT / "docs/reference/events.md"
    assert page.read_text("utf-8") == reference_page(shipped_events), (
        "run: liftline tracking build --out /tmp/plan && cp /tmp/plan/events.md docs/reference/"
    )


def test_the_how_to_s_example_is_a_good_event(tmp_path: Path) -> None:
    text = (ROOT / "docs/how/change-the-tracking-plan.md").read_text("utf-8")
    block = text.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "report_shared.yml").write_text(block, "utf-8")
    reading = read_plan([shipped_plan(), tmp_path])
    assert reading.findings == ()
    assert len(reading.events) == 30
