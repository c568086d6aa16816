"""What goes wrong between a client and the collector, in stated proportions.

Clean happenings go in, deliveries come out in the order in which they are sent. Dirt never
changes what truly happened: a late event keeps its instant, a repeated one is the same
event, a malformed one is an extra that the collector must refuse (an unplanned one is kept
or refused, as the environment says). So the ground truth holds for what is accepted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from struct import Struct as Packing
from typing import Literal

import msgspec

from liftline_demo.draw import identifier
from liftline_demo.script import EventType, Happening, Sender
from liftline_demo.truth import GroundTruth
from liftline_demo.visits import utc_text
from liftline_demo.world import World

DeliveryKind = Literal[
    "clean",
    "late",
    "retried",
    "second_activation",
    "conflict",
    "missing_required",
    "wrong_type",
    "unknown_property",
    "naive_timestamp",
    "unplanned_name",
]
MALFORMED: tuple[DeliveryKind, ...] = (
    "missing_required",
    "wrong_type",
    "unknown_property",
    "naive_timestamp",
    "unplanned_name",
)

LATEST_MS = 100 * 60 * 1000
"""No delivery is later than this after its event."""

_EARLIEST_LATE_MS = 2 * 60 * 1000
_ROLLS = Packing("<8I")
_ROLL_RANGE = float(2**32)


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as it is sent: `deliver_at_ms` is when, `at_ms` what its timestamp says."""

    kind: DeliveryKind
    deliver_at_ms: int
    at_ms: int
    message_id: str
    type: EventType
    name: str
    sender: Sender
    properties: dict[str, object]
    happening: Happening


def deliveries(world: World, after_ms: int, until: datetime | None = None) -> Iterator[Delivery]:
    """Everything to be sent after that instant, in order; what is due at it was sent before.

    With `until`, happenings stop there and what they still owe is delivered. Memory: the
    deliveries that wait, at most LATEST_MS of them.
    """
    since = datetime.fromtimestamp(max(0, after_ms - LATEST_MS) / 1000, UTC)
    happenings = world.happenings(max(since, world.start), until)
    for delivery in _in_order(world.truth, happenings):
        if delivery.deliver_at_ms > after_ms:
            yield delivery


def _in_order(truth: GroundTruth, happenings: Iterable[Happening]) -> Iterator[Delivery]:
    waiting: list[tuple[int, int, Delivery]] = []
    counter = 0
    for happening in happenings:
        while waiting and waiting[0][0] <= happening.at_ms:
            yield heapq.heappop(waiting)[2]
        for delivery in _soiled(truth, happening):
            if delivery.deliver_at_ms == happening.at_ms:
                yield delivery
            else:
                counter += 1
                heapq.heappush(waiting, (delivery.deliver_at_ms, counter, delivery))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _soiled(truth: GroundTruth, happening: Happening) -> Iterator[Delivery]:
    """The happening itself, perhaps late, and whatever else its sending causes."""
    late, retried, second, conflict, malformed, kind, pause, _ = _rolls(happening.message_id)
    pause_ms = 1_000 + int(pause * 89_000)
    if late < truth.dirt_late:
        delay_ms = _EARLIEST_LATE_MS + int(pause * (LATEST_MS - _EARLIEST_LATE_MS))
        yield _delivery("late", happening, delay_ms)
        return
    yield _delivery("clean", happening, 0)
    if retried < truth.dirt_retried_event:
        yield _delivery("retried", happening, pause_ms)
    if conflict < truth.dirt_conflict:
        yield _delivery("conflict", happening, pause_ms, at_ms=happening.at_ms + 1_000)
    if happening.name == "user_activated" and second < truth.dirt_second_activation:
        yield _second_activation(happening, pause_ms)
    if malformed < truth.dirt_malformed:
        yield _malformed(happening, MALFORMED[int(kind * len(MALFORMED))])


def _rolls(message_id: str) -> list[float]:
    """Eight draws in [0, 1) that depend on the event alone."""
    digest = blake2b(message_id.encode(), digest_size=32, person=b"dirt").digest()
    return [roll / _ROLL_RANGE for roll in _ROLLS.unpack(digest)]


def _delivery(
    kind: DeliveryKind, happening: Happening, delay_ms: int, *, at_ms: int | None = None
) -> Delivery:
    return Delivery(
        kind=kind,
        deliver_at_ms=happening.at_ms + delay_ms,
        at_ms=happening.at_ms if at_ms is None else at_ms,
        message_id=happening.message_id,
        type=happening.type,
        name=happening.name,
        sender=happening.sender,
        properties=happening.properties,
        happening=happening,
    )


def _second_activation(happening: Happening, pause_ms: int) -> Delivery:
    """The product reports the same activation again: a new message id, the same business key."""
    return msgspec.structs.replace(
        _delivery("second_activation", happening, pause_ms, at_ms=happening.at_ms + pause_ms),
        message_id=identifier(happening.message_id, "again"),
    )


def _malformed(happening: Happening, kind: DeliveryKind) -> Delivery:
    """An event with one mistake, as a broken client would send it at that moment."""
    name, properties = _mistake(happening, kind)
    return Delivery(
        kind=kind,
        deliver_at_ms=happening.at_ms,
        at_ms=happening.at_ms,
        message_id=identifier(happening.message_id, kind),
        type="track",
        name=name,
        sender="public",
        properties=properties,
        happening=happening,
    )


def _mistake(happening: Happening, kind: DeliveryKind) -> tuple[str, dict[str, object]]:
    step: dict[str, object] = {
        "user_id": happening.person.user_id,
        "step_id": "connect_source",
        "ts": utc_text(happening.at_ms),
    }
    if kind == "missing_required":
        del step["step_id"]
        return "onboarding_step_completed", step
    if kind == "wrong_type":
        return "onboarding_step_started", {**step, "step_id": 2}
    if kind == "unknown_property":
        return "tooltip_opened", {**step, "colour": "teal"}
    if kind == "unplanned_name":
        return "beta_banner_seen", {"banner": "winter"}
    return "tooltip_opened", step
