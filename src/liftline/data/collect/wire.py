"""What senders write: one event, a list, or an envelope, in our spelling and in Segment's.

Decoded optimistically in one C call. When that fails, the body is split into raw events and
each is judged alone, so that one bad event does not take its neighbours with it. Unknown
fields are ignored; the ones that matter have types.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec

from liftline.data.collect.contracts import TooLargeError, UnreadableError
from liftline.data.collect.split import split_exactly
from liftline.data.events.contracts import EventType, Violation

NOTHING: Final = msgspec.Raw(b"{}")
ABSENT: Final = msgspec.Raw(b"null")
DENSE_BYTES: Final = 64
"""Larger bodies than this per allowed event may hide many tiny events: they are counted first."""
DENSE_OBJECTS: Final = 8
"""So many objects per allowed event are ordinary (properties, context, what is in them)."""
MAX_KEYS_TRIED: Final = 8

PATHS: Final[dict[str, EventType | None]] = {
    "/v1/events": None,
    "/v1/batch": None,
    "/v1/track": "track",
    "/v1/identify": "identify",
    "/v1/page": "page",
    "/v1/screen": "screen",
    "/v1/group": "group",
    "/v1/alias": "alias",
}
"""Where events are taken, and the type of those that name none (track where None)."""


class WireEvent(msgspec.Struct, kw_only=True, gc=False):
    """One event as it came."""

    type: str | None = None
    event: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    timestamp: str | None = None
    properties: msgspec.Raw = NOTHING
    context: msgspec.Raw = NOTHING
    anonymous_id: str | None = None
    name: str | None = None
    traits: msgspec.Raw = NOTHING
    message_id_camel: str | None = msgspec.field(default=None, name="messageId")
    user_id_camel: str | None = msgspec.field(default=None, name="userId")
    anonymous_id_camel: str | None = msgspec.field(default=None, name="anonymousId")
    original_timestamp: str | None = msgspec.field(default=None, name="originalTimestamp")
    category: str | None = None
    group_id: str | None = msgspec.field(default=None, name="groupId")
    previous_id: str | None = msgspec.field(default=None, name="previousId")


class WireBody(WireEvent, kw_only=True, gc=False):
    """An envelope around events, or one event whose envelope is itself."""

    events: list[WireEvent] | None = None
    batch: list[WireEvent] | None = None
    sent_at: str | None = None
    sent_at_camel: str | None = msgspec.field(default=None, name="sentAt")
    write_key: str | None = None
    write_key_camel: str | None = msgspec.field(default=None, name="writeKey")
    historical: bool = False


class _RawBody(msgspec.Struct, kw_only=True):
    """The envelope alone, its events untouched; ABSENT where a field did not come."""

    events: msgspec.Raw = ABSENT
    batch: msgspec.Raw = ABSENT
    sent_at: msgspec.Raw = ABSENT
    sent_at_camel: msgspec.Raw = msgspec.field(default=ABSENT, name="sentAt")
    write_key: msgspec.Raw = ABSENT
    write_key_camel: msgspec.Raw = msgspec.field(default=ABSENT, name="writeKey")
    historical: msgspec.Raw = ABSENT


class _KeyFields(msgspec.Struct):
    """What of an envelope names its key. All else is skipped, and no object is made of it."""

    write_key: msgspec.Raw = ABSENT
    write_key_camel: msgspec.Raw = msgspec.field(default=ABSENT, name="writeKey")


class Posted(NamedTuple):
    """A body, read. Each event is a WireEvent or the reason why it is none.

    `raws` are the events' bytes where reading needed them; else raw_events() finds them.
    """

    events: Sequence[WireEvent | Violation]
    sent_at: str | None
    write_key: str | None
    is_historical: bool
    raws: list[bytes] | None = None


_decode_body = msgspec.json.Decoder(WireBody | list[WireEvent]).decode
_decode_event = msgspec.json.Decoder(WireEvent).decode
_decode_envelope = msgspec.json.Decoder(_RawBody | list[msgspec.Raw]).decode
_decode_key = msgspec.json.Decoder(_KeyFields).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_text: Final[Callable[[msgspec.Raw], str | None]] = msgspec.json.Decoder(str | None).decode
_KEY_IN_TEXT = re.compile(rb'"(?:writeKey|write_key)"\s*:\s*"([^"\\]{1,200})"')
_PATH = re.compile(r"^(.*?) - at `\$\.?(.*)`\Z", re.DOTALL)
Event = TypeVar("Event")


def write_keys(body: bytes) -> list[str]:
    """The keys a body may present, found without reading its events; most likely one or none.

    A body that is not JSON as a whole may still hold good events, so its key is looked for
    by its spelling. What it says elsewhere may look the same: several are returned then, and
    read_body() tells which one it was.
    """
    try:
        fields = _decode_key(body)
    except msgspec.ValidationError:
        return []
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = zip(_KEY_IN_TEXT.finditer(body), range(MAX_KEYS_TRIED), strict=False)
        return [match[1].decode("utf-8", "replace") for match, _ in found]
    key = _loose_text(fields.write_key_camel) or _loose_text(fields.write_key)
    return [key] if key else []


def read_body(body: bytes, at_most: int = 5_000) -> Posted:
    """What was posted, of at most so many events.

    Raises UnreadableError when there is no event to be read in it, TooLargeError when there
    are more; nothing is made of the events then.
    """
    if len(body) > DENSE_BYTES * at_most and body.count(b"{") > DENSE_OBJECTS * at_most:
        _count_ahead(body, at_most)
    try:
        decoded = _decode_body(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _read_slowly(body, at_most)
    if isinstance(decoded, list):
        return Posted(_some(decoded), None, None, is_historical=False)
    listed = decoded.events if decoded.events is not None else decoded.batch
    return Posted(
        (decoded,) if listed is None else _some(listed),
        decoded.sent_at or decoded.sent_at_camel,
        decoded.write_key_camel or decoded.write_key,
        is_historical=decoded.historical,
    )


def raw_events(body: bytes) -> list[bytes]:
    """The bytes of each event of a body that was read in one call."""
    raws = _split(body)[1]
    return [body] if raws is None else raws


def read_loosely(raw: bytes) -> tuple[str | None, str | None]:
    """Message id and name of an event that is not well-formed, as far as they can be seen."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None, None
    found = [
        _loose_text(fields.get(name, ABSENT))
        for name in ("message_id", "messageId", "event", "name")
    ]
    return found[0] or found[1], found[2] or found[3]


def too_many(events: int, at_most: int) -> TooLargeError:
    """The refusal of a body with more events than are taken."""
    return TooLargeError(
        "batch_too_large",
        f"the body holds {events} events; at most {at_most} are taken",
        "send fewer events in one body",
    )


def _count_ahead(body: bytes, at_most: int) -> None:
    with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
        envelope = _decode_envelope(body)
        raws = envelope if isinstance(envelope, list) else _decode_list(_listed(envelope) or b"[]")
        if len(raws) > at_most:
            raise too_many(len(raws), at_most)


def _read_slowly(body: bytes, at_most: int) -> Posted:
    if body.count(b",") >= at_most:
        _count_ahead(body, at_most)
    envelope, raws = _envelope_of(body)
    if raws is not None and len(raws) > at_most:
        raise too_many(len(raws), at_most)
    events = [_read_event(raw) for raw in ([body] if raws is None else raws)]
    return Posted(
        _some(events),
        _loose_text(envelope.sent_at) or _loose_text(envelope.sent_at_camel),
        _loose_text(envelope.write_key_camel) or _loose_text(envelope.write_key),
        is_historical=_flag(envelope.historical),
        raws=[body] if raws is None else raws,
    )


def _envelope_of(body: bytes) -> tuple[_RawBody, list[bytes] | None]:
    """The envelope and its events' bytes; None where the body itself is the event."""
    try:
        return _split(body)
    except msgspec.ValidationError as error:
        raise UnreadableError(
            "no_events",
            f"the body holds no events: {error}",
            'send one event, a list of events, or {"events": [...]}',
        ) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        split = split_exactly(body)
        if split is not None:
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                return _split(split.envelope)[0], split.raws
        if isinstance(error, RecursionError):
            raise UnreadableError(
                "too_deep", "the body nests too deep", "flatten the events' properties"
            ) from None
        raise UnreadableError(
            "not_json",
            f"the body is not JSON: {error}" if body.strip() else "the body is empty",
            "build the body with a JSON library, in UTF-8",
        ) from None


def _split(body: bytes) -> tuple[_RawBody, list[bytes] | None]:
    envelope = _decode_envelope(body)
    if isinstance(envelope, list):
        return _RawBody(), [bytes(raw) for raw in envelope]
    found = _listed(envelope)
    return envelope, None if found is None else [bytes(raw) for raw in _decode_list(found)]


def _listed(envelope: _RawBody) -> msgspec.Raw | None:
    """The raw list of events; absent and null are the same to a sender."""
    for listed in (envelope.events, envelope.batch):
        if bytes(listed) != b"null":
            return listed
    return None


def _read_event(raw: bytes) -> WireEvent | Violation:
    try:
        return _decode_event(raw)
    except msgspec.ValidationError as error:
        return _wrong_type(str(error))
    except UnicodeError as error:
        return Violation(
            code="not_utf8",
            message=f"the event is not UTF-8: {error}",
            cure="encode the body as UTF-8",
        )
    except RecursionError:
        return Violation(
            code="too_deep", message="the event nests too deep", cure="flatten its properties"
        )
    except (msgspec.MsgspecError, ValueError) as error:
        return Violation(
            code="not_json",
            message=f"the event is not JSON: {error}",
            cure="build the body with a JSON library",
        )


def _wrong_type(reason: str) -> Violation:
    match = _PATH.match(reason)
    if match is None:
        return Violation(
            code="not_an_object",
            message=f"the event is not an object: {reason}",
            cure='send events such as {"event": "checklist_viewed", "user_id": "u1"}',
        )
    return Violation(
        code="wrong_type",
        message=f"{match[2]}: {match[1]}",
        cure=f"send {match[2]} as a text, or leave it out",
    )


def _flag(raw: msgspec.Raw) -> bool:
    if bytes(raw) in (b"true", b"false", b"null"):
        return bytes(raw) == b"true"
    raise UnreadableError(
        "wrong_type", "historical is neither true nor false", "send historical as true or false"
    )


def _loose_text(raw: msgspec.Raw) -> str | None:
    try:
        return _decode_text(raw)
    except (msgspec.MsgspecError, ValueError):
        return None


def _some(events: list[Event]) -> list[Event]:
    if events:
        return events
    raise UnreadableError(
        "no_events", "the body's list of events is empty", "send at least one event, or nothing"
    )
