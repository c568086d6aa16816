"""Goal: dirt comes in the stated proportions and never changes what truly happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from liftline_demo.dirt import LATEST_MS, MALFORMED, Delivery, deliveries
from liftline_demo.truth import GroundTruth
from liftline_demo.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
UNTIL = START + timedelta(days=3)
DIRTY = GroundTruth(
    dirt_retried_event=0.02,
    dirt_second_activation=0.3,
    dirt_conflict=0.01,
    dirt_late=0.03,
    dirt_malformed=0.03,
)


@pytest.fixture(scope="module")
def demo_deliveries() -> list[Delivery]:
    return list(deliveries(World(1, START, DIRTY), START_MS - 1, UNTIL))


def kinds(found: list[Delivery]) -> Counter[str]:
    return Counter(delivery.kind for delivery in found)


def test_every_happening_is_delivered_with_its_own_instant(demo_deliveries: list[Delivery]) -> None:
    told = {
        delivery.message_id: delivery.at_ms
        for delivery in demo_deliveries
        if delivery.kind in ("clean", "late")
    }
    happened = {h.message_id: h.at_ms for h in World(1, START, DIRTY).happenings(START, UNTIL)}
    assert told == happened


def test_proportions(demo_deliveries: list[Delivery]) -> None:
    count = kinds(demo_deliveries)
    events = count["clean"] + count["late"]
    assert events > 5_000
    for kind, share in (
        ("late", DIRTY.dirt_late),
        ("retried", DIRTY.dirt_retried_event),
        ("conflict", DIRTY.dirt_conflict),
    ):
        assert abs(count[kind] - events * share) < 4 * (events * share) ** 0.5, kind
    malformed = sum(count[kind] for kind in MALFORMED)
    assert abs(malformed - events * DIRTY.dirt_malformed) < 4 * (malformed**0.5)
    assert all(count[kind] > 0 for kind in MALFORMED)


def test_deliveries_are_in_the_order_of_sending(demo_deliveries: list[Delivery]) -> None:
    due = [delivery.deliver_at_ms for delivery in demo_deliveries]
    assert due == sorted(due)
    delays = [delivery.deliver_at_ms - delivery.at_ms for delivery in demo_deliveries]
    assert min(delays) >= 0
    assert max(delays) <= LATEST_MS
    assert min(d.deliver_at_ms - d.at_ms for d in demo_deliveries if d.kind == "late") > 100_000


def test_same_id_means_same_body_unless_it_is_a_conflict(demo_deliveries: list[Delivery]) -> None:
    by_id: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in demo_deliveries:
        by_id[delivery.message_id].append(delivery)
    repeated = 0
    for group in by_id.values():
        first = group[0]
        assert first.kind not in ("retried", "conflict")
        for other in group[1:]:
            is_same = (other.at_ms, other.name, other.properties) == (
                first.at_ms,
                first.name,
                first.properties,
            )
            assert is_same == (other.kind == "retried")
            repeated += 1
    count = kinds(demo_deliveries)
    assert repeated == count["retried"] + count["conflict"] > 50


def test_a_second_activation_has_a_new_id_and_the_same_user(
    demo_deliveries: list[Delivery],
) -> None:
    seconds = [d for d in demo_deliveries if d.kind == "second_activation"]
    firsts = {
        d.happening.person.user_id: d
        for d in demo_deliveries
        if d.kind == "clean" and d.name == "user_activated"
    }
    assert len(seconds) > 5
    for second in seconds:
        first = firsts[second.happening.person.user_id]
        assert second.message_id != first.message_id
        assert first.deliver_at_ms < second.deliver_at_ms


@pytest.mark.parametrize("hours", [5.5, 40])
def test_resuming_delivers_exactly_the_rest(demo_deliveries: list[Delivery], hours: float) -> None:
    after_ms = START_MS + int(hours * 3_600_000)
    rest = list(deliveries(World(1, START, DIRTY), after_ms, UNTIL))
    expected = [d for d in demo_deliveries if d.deliver_at_ms > after_ms]

    def key(delivery: Delivery) -> tuple[int, str, str]:
        return delivery.deliver_at_ms, delivery.message_id, delivery.kind

    assert sorted(map(key, rest)) == sorted(map(key, expected))
    assert any(d.kind == "late" and d.at_ms < after_ms for d in rest)
