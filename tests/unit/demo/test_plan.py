"""Goal: the shipped tracking plan accepts every well-formed event and refuses every malformed one.

The demo itself knows nothing of Liftline; this test alone reads the plan.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from liftline.data.events.api import CompiledPlan, compile_plan, make_snapshot
from liftline.data.events.contracts import Checked, Violation
from liftline.data.events.loader import load_plan
from liftline_demo.dirt import Delivery, deliveries
from liftline_demo.truth import GroundTruth
from liftline_demo.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
EVENTS = Path(__file__).parents[3] / "tracking" / "events"
DIRTY = GroundTruth(
    dirt_malformed=0.05, dirt_second_activation=0.3, email_hard_bounce=0.05, email_complaint=0.05
)
REFUSED = {"missing_required", "wrong_type", "unknown_property"}


@pytest.fixture(scope="module")
def demo_plan() -> CompiledPlan:
    specs = load_plan([EVENTS])
    return compile_plan(make_snapshot(specs, {"dev": "keep", "prod": "reject"}, 1))


@pytest.fixture(scope="module")
def demo_verdicts(demo_plan: CompiledPlan) -> list[tuple[Delivery, Checked | Violation]]:
    start_ms = int(START.timestamp() * 1000)
    stream = deliveries(World(3, START, DIRTY), start_ms - 1, START + timedelta(days=5))
    return [(delivery, judged(demo_plan, delivery, "prod")) for delivery in stream]


def judged(plan: CompiledPlan, delivery: Delivery, environment: str) -> Checked | Violation:
    return plan.check(
        event_type=delivery.type,
        name=delivery.name if delivery.type == "track" else "",
        raw_properties=msgspec.json.encode(delivery.properties),
        sender=delivery.sender,
        environment=environment,
        user_id=delivery.happening.person.user_id,
    )


def test_well_formed_events_are_accepted_without_a_word(
    demo_verdicts: list[tuple[Delivery, Checked | Violation]],
) -> None:
    fine = ("clean", "late", "retried", "second_activation", "conflict", "naive_timestamp")
    accepted: Counter[str] = Counter()
    for delivery, verdict in demo_verdicts:
        if delivery.kind in fine:
            assert isinstance(verdict, Checked), (delivery.name, verdict)
            assert verdict.is_planned
            assert not verdict.warning, (delivery.name, verdict.warning)
            accepted[delivery.name or delivery.type] += 1
    assert len(accepted) == 23
    assert sum(accepted.values()) > 10_000


def test_malformed_events_are_refused_each_in_its_own_way(
    demo_verdicts: list[tuple[Delivery, Checked | Violation]],
) -> None:
    codes: dict[str, set[str]] = {}
    for delivery, verdict in demo_verdicts:
        if delivery.kind in (*REFUSED, "unplanned_name"):
            assert isinstance(verdict, Violation), delivery
            codes.setdefault(delivery.kind, set()).add(verdict.code)
    assert codes.keys() == {*REFUSED, "unplanned_name"}
    assert all(len(found) == 1 for found in codes.values())
    assert len(set.union(*codes.values())) == 4


def test_an_unplanned_event_is_kept_where_the_environment_keeps_it(
    demo_plan: CompiledPlan, demo_verdicts: list[tuple[Delivery, Checked | Violation]]
) -> None:
    unplanned = next(d for d, _ in demo_verdicts if d.kind == "unplanned_name")
    kept = judged(demo_plan, unplanned, "dev")
    assert isinstance(kept, Checked)
    assert not kept.is_planned


def test_public_events_are_public_and_business_keys_are_the_users(
    demo_verdicts: list[tuple[Delivery, Checked | Violation]],
) -> None:
    senders = {
        delivery.name: delivery.sender
        for delivery, verdict in demo_verdicts
        if isinstance(verdict, Checked) and delivery.type == "track"
    }
    assert senders["search_performed"] == senders["onboarding_step_started"] == "public"
    assert {sender for name, sender in senders.items() if name.startswith("email_")} == {"server"}
    assert senders["user_signed_up"] == senders["invite_created"] == "server"
    keys: dict[str | None, set[str]] = {}
    for delivery, verdict in demo_verdicts:
        if isinstance(verdict, Checked) and delivery.name == "user_activated":
            keys.setdefault(verdict.business_key, set()).add(delivery.message_id)
    assert any(len(ids) == 2 for ids in keys.values())
