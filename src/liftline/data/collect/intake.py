"""From the bytes of one request to the lines the log will keep. No input or output here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

import msgspec

from liftline.core.clock import Clock
from liftline.data.collect.buckets import Buckets
from liftline.data.collect.contracts import (
    BusyError,
    Limits,
    NotAllowedError,
    NotReadyError,
    TooLargeError,
    UnknownKeyError,
    UnreadableError,
)
from liftline.data.collect.control import DoorControl
from liftline.data.collect.dead_letters import DeadLetterOffice, Letter, Sent
from liftline.data.collect.keyring import SENDER_OF, DoorKeys, may_use_from
from liftline.data.collect.lines import Common, encode_lines, kind_and
from liftline.data.collect.packing import unpack
from liftline.data.collect.received import ReceivedClock
from liftline.data.collect.together import Request
from liftline.data.collect.verdicts import Judge, Rejection, Verdict, instant, too_large
from liftline.data.collect.wire import (
    Posted,
    raw_events,
    read_body,
    read_loosely,
    too_many,
    write_keys,
)
from liftline.data.events.api import CompiledPlan
from liftline.data.events.contracts import EventType, RejectedRecord, Violation
from liftline.platform.access.contracts import KeyRecord


class Write(Protocol):
    """Appends lines to the log. Raises LogFullError, LogClosedError."""

    def __call__(self, payload: bytes, *, records: int, events: int) -> object: ...


class Taken(msgspec.Struct, frozen=True):
    """One request, judged: what to append, and what to answer once it is durable.

    `codes` has one entry per rejected event; `counts` are those past the source's cap, which
    are in no line of this payload, nor in `records` and `events`. `unreadable` is set when
    the body held no event: its dead letter is kept all the same.
    """

    payload: bytes
    records: int
    events: int
    verdict: Verdict
    codes: tuple[str, ...] = ()
    counts: Sequence[RejectedRecord] = ()
    unreadable: UnreadableError | None = None


class Intake:
    """Admits senders and judges their bodies, by the keys and the plan in force."""

    def __init__(self, control: DoorControl, limits: Limits, clock: Clock) -> None:
        self._control = control
        self._limits = limits
        self._clock = clock
        self._judge = Judge(limits)
        self._mint = f"minted-{os.urandom(12).hex()}"
        self._requests = count()
        self.received = ReceivedClock(clock)
        self.dead_letters = DeadLetterOffice(limits)
        self._addresses = Buckets(
            per_s=limits.address_requests_per_s,
            burst=limits.address_requests_burst,
            count=limits.buckets,
        )
        self._keys = Buckets(
            per_s=limits.key_events_per_s, burst=limits.key_events_burst, count=limits.buckets
        )

    def admit(self, headers: Mapping[bytes, bytes], address: str) -> KeyRecord | None:
        """Who knocks, before the body is read; None when the key may be in the body.

        Raises NotReadyError, BusyError, NotAllowedError, TooLargeError.
        """
        keys = self._control.keys
        if keys is None or self._control.plan is None:
            raise NotReadyError("no keys or no tracking plan were published yet")
        wait_s = self._addresses.take(address, 1, self._clock.monotonic_s())
        if wait_s:
            raise BusyError("too many requests from one address", retry_after_s=wait_s)
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limits.body_bytes:
            raise body_too_large(self._limits)
        key = keys.of_headers(headers, self._clock)
        if key is None and (b"authorization" in headers or b"x-api-key" in headers):
            raise UnknownKeyError
        if key is not None:
            _check_origin(key, headers)
        return key

    def take(
        self,
        body: bytes,
        headers: Mapping[bytes, bytes],
        key: KeyRecord | None,
        default_type: EventType | None,
        address: str,
    ) -> Taken:
        """Judge a body. Raises RefusedError, UnknownKeyError, NotAllowedError, BusyError."""
        keys, plan = self._control.keys, self._control.plan
        if keys is None or plan is None:
            raise NotReadyError("no keys or no tracking plan were published yet")
        received_at = self.received.now()
        plain: bytes | None = None
        try:
            packing = headers.get(b"content-encoding")
            plain = body if packing is None else unpack(body, packing, self._limits)
            if key is None:
                key = self._key_of(plain, headers, keys)
            posted = read_body(plain, self._limits.batch_events)
        except UnreadableError as unreadable:
            if key is None:
                self._charge(address, plain)
                raise UnknownKeyError from None
            return self._unreadable(unreadable, body, key, _sent(key, plan, received_at))
        except (TooLargeError, UnknownKeyError):
            self._charge(address, plain)
            raise
        self._check_request(posted, key)
        sent_at = None if posted.sent_at is None else instant(posted.sent_at)
        common = Common(
            project=key.project,
            environment=key.environment,
            source_id=key.source_id,
            sent_at=sent_at,
            received_at=received_at,
            sender=SENDER_OF[key.kind],
            plan_version=plan.version,
            is_historical=posted.is_historical,
        )
        request = Request(
            common=common,
            kind=kind_and(common),
            plan=plan,
            default_type=default_type or "track",
            mint=f"{self._mint}-{next(self._requests)}",
        )
        return self._judged(plain, posted, request)

    def _key_of(self, plain: bytes, headers: Mapping[bytes, bytes], keys: DoorKeys) -> KeyRecord:
        """The live key in a body, before anything is made of its events."""
        told = write_keys(plain)
        found = [key for key in (keys.of_secret(text, self._clock) for text in told) if key]
        if len(told) > 1 and found:
            # The body is damaged: only reading it tells an event's own text from the envelope's.
            written = read_body(plain, self._limits.batch_events).write_key
            found = [key for key in (keys.of_secret(written, self._clock),) if key]
        if not found:
            raise UnknownKeyError
        _check_origin(found[0], headers)
        return found[0]

    def flush_counts(self, write: Write, *, is_last: bool = False) -> None:
        """Write the counts of rejections past the caps when they are due: lines, events."""

        def write_lines(records: list[RejectedRecord]) -> None:
            events = sum(record.events for record in records)
            write(encode_lines(records), records=len(records), events=events)

        self.dead_letters.flush(write_lines, self._clock.monotonic_s(), is_last=is_last)

    def _charge(self, address: str, plain: bytes | None) -> None:
        """Refused work is paid for by its bytes (None: as many as may be unpacked)."""
        size_bytes = self._limits.unpacked_bytes if plain is None else len(plain)
        self._addresses.charge(
            address, size_bytes // self._limits.refused_bytes_per_request, self._clock.monotonic_s()
        )

    def _check_request(self, posted: Posted, key: KeyRecord) -> None:
        events = len(posted.events)
        if events > self._limits.batch_events:
            raise too_many(events, self._limits.batch_events)
        if posted.is_historical and key.kind == "public":
            raise NotAllowedError(
                "a public key may not send historical events",
                cure="import history with a server key, from a place that keeps it secret",
            )
        self._charge_key(key, events)

    def _charge_key(self, key: KeyRecord, events: int) -> None:
        wait_s = self._keys.take(key.key_id, events, self._clock.monotonic_s())
        if wait_s:
            raise BusyError("too many events with one key", retry_after_s=wait_s)

    def _judged(self, plain: bytes, posted: Posted, request: Request) -> Taken:
        events = posted.events
        raws = posted.raws
        if len(plain) > self._limits.event_bytes:
            raws = raws or raw_events(plain)
            limit = self._limits.event_bytes
            events = [
                event if len(raw) <= limit else too_large(len(raw), limit)
                for event, raw in zip(events, raws, strict=True)
            ]
        verdict = self._judge.judge(events, request)
        payload = verdict.written()
        if not verdict.rejections:
            return Taken(payload, verdict.accepted, len(events), verdict)
        letters = _letters(verdict.rejections, raws or raw_events(plain))
        now_s = self._clock.monotonic_s()
        lines, counts = self.dead_letters.records(letters, _sent_of(request), now_s)
        written = verdict.accepted + len(lines)
        codes = tuple(letter.violation.code for letter in letters)
        return Taken(payload + encode_lines(lines), written, written, verdict, codes, counts)

    def _unreadable(
        self, unreadable: UnreadableError, body: bytes, key: KeyRecord, sent: Sent
    ) -> Taken:
        """One dead letter, which costs the key as much as an event."""
        self._charge_key(key, 1)
        violation = Violation(
            code=unreadable.reason, message=unreadable.message, cure=unreadable.cure
        )
        letter = Letter(violation, None, None, body)
        lines, counts = self.dead_letters.records([letter], sent, self._clock.monotonic_s())
        codes, written = (violation.code,), len(lines)
        payload = encode_lines(lines)
        return Taken(payload, written, written, Verdict(), codes, counts, unreadable)


def body_too_large(limits: Limits) -> TooLargeError:
    """The refusal of a body over the limit."""
    return TooLargeError(
        "body_too_large",
        f"the body has more than {limits.body_bytes} bytes",
        "send fewer events in one body, or pack it with gzip",
    )


def _check_origin(key: KeyRecord, headers: Mapping[bytes, bytes]) -> None:
    origin = headers.get(b"origin")
    if not may_use_from(key, None if origin is None else origin.decode("latin-1")):
        raise NotAllowedError(
            "this public key may not be used from here",
            cure="add the page's origin to the key, or use a key made for it",
        )


def _letters(rejections: Sequence[Rejection], raws: Sequence[bytes]) -> list[Letter]:
    letters = []
    for at, violation, message_id, name in rejections:
        if message_id is None and name is None:
            message_id, name = read_loosely(raws[at])
        letters.append(Letter(violation, message_id, name, raws[at]))
    return letters


def _sent(key: KeyRecord, plan: CompiledPlan, received_at: datetime) -> Sent:
    return Sent(
        project=key.project,
        environment=key.environment,
        source_id=key.source_id,
        received_at=received_at,
        plan_version=plan.version,
    )


def _sent_of(request: Request) -> Sent:
    return Sent(
        project=request.common.project,
        environment=request.common.environment,
        source_id=request.common.source_id,
        received_at=request.common.received_at,
        plan_version=request.common.plan_version,
    )
