"""How deliveries look on the wire: Liftline's own form and Segment's, grouped into requests.

A form depends on the event alone and on whether it is history, so that a repeated sending
is the same request from the same source.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from liftline_demo.dirt import Delivery
from liftline_demo.draw import share
from liftline_demo.people import Person
from liftline_demo.script import Sender
from liftline_demo.visits import utc_text

Form = Literal["events", "segment"]

PATHS: dict[Form, str] = {"events": "/v1/events", "segment": "/v1/batch"}
SEGMENT_SHARE = 0.25
"""Of the people, in live traffic: those whose clients speak Segment's form."""

_LIBRARY = {"name": "liftline-demo", "version": "1"}
_encode = msgspec.json.Encoder().encode


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One body to post with one key. `events` is how many it carries."""

    form: Form
    sender: Sender
    body: bytes
    events: int
    first_message_id: str


def historical(batch: Sequence[Delivery], now: datetime) -> list[Request]:
    """The backlog, told by the server whoever saw it first."""
    events = [_event(delivery, skew_ms=0) for delivery in batch]
    body = {"events": events, "sent_at": _utc(now), "historical": True}
    return [_request("events", "server", body, batch)]


def live(batch: Sequence[Delivery], now: datetime) -> list[Request]:
    """What clients send by themselves: browsers and servers, right clocks and wrong ones.

    A wrong clock shifts the events' timestamps and the request's own sent_at alike.
    """
    groups: dict[tuple[Form, Sender, int], list[Delivery]] = {}
    for delivery in batch:
        groups.setdefault(_group(delivery), []).append(delivery)
    return [_live_request(group, members, now) for group, members in groups.items()]


def _group(delivery: Delivery) -> tuple[Form, Sender, int]:
    person = delivery.happening.person
    is_segment = share("form", person.user_id) < SEGMENT_SHARE
    skew_ms = person.skew_ms if delivery.sender == "public" else 0
    return "segment" if is_segment else "events", delivery.sender, skew_ms


def _live_request(
    group: tuple[Form, Sender, int], members: Sequence[Delivery], now: datetime
) -> Request:
    form, sender, skew_ms = group
    sent_at = _utc(datetime.fromtimestamp(now.timestamp() + skew_ms / 1000, UTC))
    events = [_event(delivery, skew_ms=skew_ms) for delivery in members]
    if form == "events":
        return _request(form, sender, {"events": events, "sent_at": sent_at}, members)
    batch = [_as_segment(event) for event in events]
    return _request(form, sender, {"batch": batch, "sentAt": sent_at}, members)


def _request(
    form: Form, sender: Sender, body: dict[str, object], members: Sequence[Delivery]
) -> Request:
    return Request(
        form=form,
        sender=sender,
        body=_encode(body),
        events=len(members),
        first_message_id=members[0].message_id,
    )


def _event(delivery: Delivery, *, skew_ms: int) -> dict[str, object]:
    """One event in Liftline's own form. Every one says that it is simulated."""
    person = delivery.happening.person
    event: dict[str, object] = {
        "type": delivery.type,
        "message_id": delivery.message_id,
        "user_id": person.user_id,
        "anonymous_id": person.anonymous_id,
        "timestamp": _timestamp(delivery, person, skew_ms),
        "context": _context(delivery.sender, person),
    }
    if delivery.type == "track":
        event["event"] = delivery.name
    elif delivery.type == "page":
        event["name"] = delivery.name
    event["traits" if delivery.type == "identify" else "properties"] = _properties(
        delivery, skew_ms
    )
    return event


def _properties(delivery: Delivery, skew_ms: int) -> dict[str, object]:
    """`ts` is read off the same wrong clock as the timestamp."""
    if skew_ms == 0 or "ts" not in delivery.properties:
        return delivery.properties
    return {**delivery.properties, "ts": utc_text(delivery.at_ms + skew_ms)}


def _context(sender: Sender, person: Person) -> dict[str, object]:
    context: dict[str, object] = {
        "simulated": True,
        "timezone": person.time_zone,
        "library": _LIBRARY,
    }
    if sender == "public":
        context["userAgent"] = person.user_agent
    return context


def _as_segment(event: dict[str, object]) -> dict[str, object]:
    names = {"message_id": "messageId", "user_id": "userId", "anonymous_id": "anonymousId"}
    return {names.get(name, name): value for name, value in event.items()}


def _timestamp(delivery: Delivery, person: Person, skew_ms: int) -> str:
    """The instant as this person's client spells it: UTC, local with offset, or naive."""
    seconds = (delivery.at_ms + skew_ms) / 1000
    if delivery.kind == "naive_timestamp":
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
    if person.spelling == "offset":
        zone = ZoneInfo(person.time_zone)
        return datetime.fromtimestamp(seconds, zone).isoformat(timespec="milliseconds")
    if person.spelling == "microseconds":
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return _utc(datetime.fromtimestamp(seconds, UTC))


def _utc(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
