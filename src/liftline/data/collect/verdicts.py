"""The door's judgement on each event: a line for the log, or a rejection. Pure.

The loop over a batch is the product's hottest: per event one struct is made by position
and one call checks the plan; whatever is the same for the whole request is read once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from liftline.data.collect.contracts import Limits
from liftline.data.collect.lines import EventLine, encode_lines
from liftline.data.collect.together import TOGETHER, WORTH_GROUPING, Request, Row, decide_together
from liftline.data.collect.wire import NOTHING, WireEvent
from liftline.data.events.api import (
    canonical_object,
)
from liftline.data.events.contracts import Violation

MAX_CACHED_CONTEXT_BYTES: Final = 1024
SHORTEST_INSTANT: Final = len("2026-03-01T09:30:00Z")
_TRAITED: Final = frozenset({"identify", "group"})


class Rejection(NamedTuple):
    """One event that was not taken: its place, why, its id and name as far as they were read."""

    at: int
    violation: Violation
    message_id: str | None
    name: str | None


class Verdict(msgspec.Struct):
    """The judgement on a batch: lines to write, rejections, and what the sender should know."""

    lines: list[EventLine] = []
    rejections: list[Rejection] = []
    minted: list[int] = []
    warnings: dict[str, int] = {}
    accepted: int = 0

    def written(self) -> bytes:
        """The lines as NDJSON. They are forgotten here: only their number is needed now.

        Dozens of batches wait for the disk at once. Kept until then, their events would be
        megabytes that push the next batch's out of the processor's cache.
        """
        payload = encode_lines(self.lines)
        self.accepted += len(self.lines)
        self.lines = []
        return payload


class Judge:
    """Judges batches. Holds a bounded cache of contexts, which repeat across events."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._contexts: dict[bytes, msgspec.Raw] = {}
        # No character has more than four bytes, so short ids need no closer look.
        self._short_ids = min(limits.message_id_bytes, limits.id_bytes) // 4

    def judge(self, events: Sequence[WireEvent | Violation], request: Request) -> Verdict:
        """Judge every event on its own. Never raises; `lines` keep the events' order."""
        verdict = Verdict()
        if len(events) < WORTH_GROUPING:
            self._judge_each(0, events, request, verdict)
            return verdict
        for start in range(0, len(events), TOGETHER):
            some = events[start : start + TOGETHER]
            rows = decide_together(some, request, self._limits)
            if rows is None:
                self._judge_each(start, some, request, verdict)
            else:
                self._judge_rows(start, rows, request, verdict)
        return verdict

    def _judge_each(
        self, start: int, events: Sequence[WireEvent | Violation], request: Request, into: Verdict
    ) -> None:
        for index, event in enumerate(events, start):
            self._judge_alone(index, event, request, into)

    def _judge_rows(self, start: int, rows: Iterator[Row], request: Request, into: Verdict) -> None:
        """The verdicts of _judge_alone(), in half the time where nothing was left open."""
        contexts, kind, append = self._contexts, request.kind, into.lines.append
        for index, row in enumerate(rows, start):
            event, message_id, user_id, anonymous_id, event_at, properties, key = row
            name, context = event.event, contexts.get(bytes(event.context))
            if properties is None or context is None or not message_id or not name:
                self._judge_alone(index, event, request, into)
                continue
            append(EventLine(
                kind, message_id, "track", name, user_id, anonymous_id, event.timestamp,
                event_at, True, False, key, properties, context,
            ))  # fmt: skip

    def _judge_alone(
        self, index: int, event: WireEvent | Violation, request: Request, into: Verdict
    ) -> None:
        """One event by itself: the way that decides, and finds the words for a rejection."""
        if isinstance(event, Violation):
            into.rejections.append(Rejection(index, event, None, None))
            return
        outcome = self._judge_one(index, event, request, into)
        if isinstance(outcome, EventLine):
            into.lines.append(outcome)
            return
        message_id = event.message_id or event.message_id_camel or None
        into.rejections.append(Rejection(index, outcome, message_id, event.event or event.name))

    def _judge_one(
        self, index: int, event: WireEvent, request: Request, verdict: Verdict
    ) -> EventLine | Violation:
        event_type = event.type or request.default_type
        if event_type == "track":
            name = event.event or event.name or ""
            raw = bytes(event.properties)
            if raw == b"null":
                raw = b"{}"
        else:
            name = event.name or event_type
            raw = _builtin_properties(event, event_type)
        message_id = event.message_id or event.message_id_camel or None
        user_id = event.user_id or event.user_id_camel or None
        anonymous_id = event.anonymous_id or event.anonymous_id_camel or None
        if len(message_id or "") + len(user_id or "") + len(anonymous_id or "") > self._short_ids:
            violation = self._violation_of_ids(message_id, user_id, anonymous_id)
            if violation is not None:
                return violation
        timestamp = event.timestamp or event.original_timestamp
        event_at = request.common.received_at if timestamp is None else instant(timestamp)
        if event_at is None:
            return _bad_timestamp(timestamp)
        context = self._contexts.get(bytes(event.context))
        if context is None:
            found = self._context(bytes(event.context))
            if isinstance(found, Violation):
                return found
            context = found
        checked = request.plan.check(
            event_type=event_type,
            name=name,
            raw_properties=raw,
            sender=request.common.sender,
            environment=request.common.environment,
            user_id=user_id,
        )
        if isinstance(checked, Violation):
            return checked if name else NAMELESS
        if message_id is None:
            verdict.minted.append(index)
        if checked.warning is not None:
            verdict.warnings.setdefault(checked.warning, index)
        return EventLine(
            request.kind, message_id or f"{request.mint}-{index}", event_type, name, user_id,
            anonymous_id, timestamp, event_at, checked.is_planned, message_id is None,
            checked.business_key, msgspec.Raw(checked.properties), context,
        )  # fmt: skip

    def _violation_of_ids(
        self, message_id: str | None, user_id: str | None, anonymous_id: str | None
    ) -> Violation | None:
        if message_id is not None and _is_longer(message_id, self._limits.message_id_bytes):
            return _too_long("message_id", self._limits.message_id_bytes)
        if user_id is not None and _is_longer(user_id, self._limits.id_bytes):
            return _too_long("user_id", self._limits.id_bytes)
        if anonymous_id is not None and _is_longer(anonymous_id, self._limits.id_bytes):
            return _too_long("anonymous_id", self._limits.id_bytes)
        return None

    def _context(self, raw: bytes) -> msgspec.Raw | Violation:
        if raw == b"null":
            return NOTHING
        canonical = canonical_object(raw)
        if isinstance(canonical, Violation):
            told = canonical.message.replace("the properties", "the context")
            return Violation(code=canonical.code, message=told, cure=canonical.cure)
        context = msgspec.Raw(canonical)
        if len(raw) <= MAX_CACHED_CONTEXT_BYTES:
            if len(self._contexts) >= self._limits.cached_contexts:
                self._contexts.clear()
            self._contexts[raw] = context
        return context


def instant(text: str) -> datetime | None:
    """The instant an RFC 3339 text with a zone means, in UTC; None when it means none.

    The spelling is the tracking plan's own rule for timestamps (years 1970 to 9998).
    """
    if len(text) < SHORTEST_INSTANT or not "1970" <= text < "9999":
        return None
    if text[10] != "T" or text[4] != "-" or text[7] != "-":
        return None
    if text[-1] != "Z" and text[-3] != ":":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def _builtin_properties(event: WireEvent, event_type: str) -> bytes:
    """The properties of identify, page, screen, group, alias, with what Segment puts beside them.

    `category` of a page, `groupId` of a group and `previousId` of an alias become
    properties, unless the sender named such a property itself.
    """
    raw = event.properties
    if event_type in _TRAITED and event.traits is not NOTHING:
        raw = event.traits
    properties = b"{}" if raw is NOTHING or bytes(raw) == b"null" else bytes(raw)
    beside = {
        "category": event.category,
        "group_id": event.group_id,
        "previous_id": event.previous_id,
    }
    told = {key: value for key, value in beside.items() if value is not None}
    canonical = canonical_object(properties) if told else properties
    if not told or isinstance(canonical, Violation):
        return properties  # the plan's check names what is wrong with it
    return msgspec.json.encode({**told, **msgspec.json.decode(canonical)}, order="sorted")


def _is_longer(text: str, limit: int) -> bool:
    return len(text) > limit or (
        not text.isascii() and len(text.encode("utf-8", "replace")) > limit
    )


NAMELESS: Final = Violation(
    code="name_missing",
    message="the event has no name",
    cure='send the name as `event`, such as {"event": "checklist_viewed"}',
)


def _too_long(field_name: str, limit: int) -> Violation:
    return Violation(
        code="id_too_long",
        message=f"{field_name} is longer than {limit} bytes",
        cure=f"send a {field_name} of at most {limit} bytes, such as a UUID",
    )


def _bad_timestamp(text: str | None) -> Violation:
    return Violation(
        code="bad_timestamp",
        message=f"the timestamp {ascii(text)[:60]} is no instant with a zone",
        cure="send it as RFC 3339 with an offset, such as 2026-03-01T09:30:00Z, "
        "or leave it out when the event happens now",
    )


def too_large(size_bytes: int, limit: int) -> Violation:
    """The rejection of an event over the size limit."""
    return Violation(
        code="event_too_large",
        message=f"the event has {size_bytes} bytes; at most {limit} are taken",
        cure="send less, or store the content elsewhere and send its address",
    )
