"""What can be decided for many events in a few calls: columns instead of rows.

A batch is mostly the same few planned events again and again. Their properties are held
against the plan by name, their instants all at once; what is left to do per event is to
make its line. Whatever is out of the ordinary is left open here and judged by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final, cast

import msgspec

from liftline.data.collect.contracts import Limits
from liftline.data.collect.lines import Common
from liftline.data.collect.wire import WireEvent
from liftline.data.events.api import CompiledPlan, Properties, Shape, zulu_instants
from liftline.data.events.contracts import EventType, Violation

TOGETHER: Final = 256
"""Events decided at once: enough to spread the cost of a call, few enough to stay in cache."""
WORTH_GROUPING: Final = 4
"""Fewer events than this are judged sooner one by one."""

Row = tuple[WireEvent, str | None, str | None, str | None, datetime, Properties | None, str | None]
"""Event, message id, user id, anonymous id, instant, properties (None: left open), business key."""


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event of one request has in common. Nothing of it comes from an event.

    A msgspec struct, which is made ten times faster than a frozen dataclass.
    """

    common: Common
    kind: msgspec.Raw
    plan: CompiledPlan
    default_type: EventType
    mint: str


def decide_together(
    events: Sequence[WireEvent | Violation], request: Request, limits: Limits
) -> Iterator[Row] | None:
    """What holds of each of the events; None when all of them must be judged alone.

    That is when one is no event, has an instant in a rarer spelling, or may have an id over
    the limits.
    """
    if set(map(type, events)) != {WireEvent}:
        return None
    read = cast(Sequence[WireEvent], events)
    timestamps = [event.timestamp for event in read]
    moments = zulu_instants(timestamps)
    if moments is None:
        return None
    # An empty text is no id, in either spelling.
    message_ids = [event.message_id or event.message_id_camel or None for event in read]
    users = [event.user_id or event.user_id_camel or None for event in read]
    anonymous = [event.anonymous_id or event.anonymous_id_camel or None for event in read]
    is_short = _is_short(users, limits.id_bytes) and _is_short(anonymous, limits.id_bytes)
    if not is_short or not _is_short(message_ids, limits.message_id_bytes):
        return None
    raws = [event.properties for event in read]
    held: list[Properties | None] = [None] * len(read)
    keys: list[str | None] = [None] * len(read)
    for shape, places in _by_shape(read, request):
        # A getter of one place gives its item bare, of several a tuple: always ask for two.
        pick = itemgetter(places[0], *places)
        found = shape.hold(pick(raws)[1:], pick(users)[1:], pick(timestamps)[1:])
        if found is not None:
            for at, properties, key in zip(places, *found, strict=True):
                held[at] = properties
                keys[at] = key
    return zip(read, message_ids, users, anonymous, moments, held, keys, strict=True)


def _by_shape(events: Sequence[WireEvent], request: Request) -> Iterator[tuple[Shape, list[int]]]:
    """The places of the events that share a shape."""
    shapes = request.plan.shapes(request.common.sender)
    places: defaultdict[str | None, list[int]] = defaultdict(list)
    for at, event in enumerate(events):
        if (event.type or request.default_type) == "track":
            places[event.event].append(at)
    for name, found in places.items():
        shape = shapes.get(name or "")
        if shape is not None:
            yield shape, found


def _is_short(texts: list[str | None], limit_bytes: int) -> bool:
    """Whether every text is surely within the limit; no character has more than four bytes."""
    known = list(filter(None, texts))
    longest = max(map(len, known), default=0)
    return longest * 4 <= limit_bytes or (longest <= limit_bytes and "".join(known).isascii())
