"""What crosses the wall of the collector: its configuration and its refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from liftline.core.errors import DeniedError, InvalidError, UnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every bound of the door. Sizes in bytes, times in seconds.

    Event and request rates are token buckets: `*_per_s` refills, `*_burst` is the depth.
    Dead letters are capped per source and hour; past a cap rejections are counted, their
    bytes are not kept. A refused body counts as one more request of its address for each
    `refused_bytes_per_request` it unpacks to.
    """

    body_bytes: int = 4 << 20
    unpacked_bytes: int = 16 << 20
    batch_events: int = 5_000
    event_bytes: int = 64 << 10
    message_id_bytes: int = 200
    id_bytes: int = 512
    receiving_bytes: int = 64 << 20
    connections: int = 1_000
    idle_connection_s: float = 30.0
    body_s: float = 20.0
    drain_s: float = 4.0
    key_events_per_s: float = 50_000.0
    key_events_burst: float = 200_000.0
    address_requests_per_s: float = 5_000.0
    address_requests_burst: float = 10_000.0
    refused_bytes_per_request: int = 4 << 10
    buckets: int = 10_000
    dead_letters_per_hour: int = 10_000
    dead_letter_bytes_per_hour: int = 10 << 20
    cached_keys: int = 1_000
    cached_contexts: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorConfig:
    """Where the collector listens and what it reads; `control_directory` holds the snapshots."""

    control_directory: Path
    host: str = "127.0.0.1"
    port: int = 8401
    control_poll_s: float = 0.5
    limits: Limits = field(default_factory=Limits)


class RefusedError(InvalidError):
    """The whole request was refused; nothing of it was taken."""

    code = "collect.refused"
    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str, cure: str) -> None:
        super().__init__(message, cure=cure)
        self.reason = code


class UnreadableError(RefusedError):
    """No event could be read from the body; it is kept as one dead letter."""


class TooLargeError(RefusedError):
    """The body is larger than the door takes."""

    status = 413


class UnknownEncodingError(RefusedError):
    """The body is packed in a way the door does not know."""

    status = 415


class TooSlowError(RefusedError):
    """The body did not arrive in time."""

    status = 408


class UnknownKeyError(DeniedError):
    """No live key was presented."""

    code = "unknown_key"
    default_cure = (
        "send a live key as `Authorization: Bearer KEY`, as the user name of Basic, as "
        "`X-Api-Key`, or as `writeKey` in the body; `liftline keys create` makes one"
    )


class NotAllowedError(DeniedError):
    """This key may not do this."""

    code = "not_allowed"


class BusyError(UnavailableError):
    """The sender is faster than its share, or the log is full."""

    code = "busy"


class NotReadyError(UnavailableError):
    """The collector has no keys or no tracking plan yet, or its log takes nothing."""

    code = "not_ready"
