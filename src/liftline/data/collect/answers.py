"""What the door answers: receipts, refusals, and the headers browsers ask for."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from liftline.core.errors import LiftlineError, UnavailableError
from liftline.data.collect.contracts import (
    BusyError,
    NotAllowedError,
    RefusedError,
    UnknownKeyError,
)
from liftline.data.collect.verdicts import Verdict
from liftline.data.log.contracts import LogFullError, Position

JSON: Final = (b"content-type", b"application/json")
PREFLIGHT_MAX_AGE_S: Final = 600
_CLOSING: Final = frozenset({408, 413})
"""After these the rest of the body is not wanted: the connection ends with the answer."""


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


def receipt(verdict: Verdict, position: Position) -> Answer:
    """Everything in it is durable. 200, because Segment's clients know no other success.

    An answer with rejections is 200 as well: they are recorded, and a retry of the same
    body would only record them again.
    """
    if not verdict.rejections and not verdict.minted and not verdict.warnings:
        return _plain_receipt(verdict.accepted, position)
    told: dict[str, object] = {
        "accepted": verdict.accepted,
        "rejected": [
            {
                "index": rejection.at,
                "code": rejection.violation.code,
                "message": rejection.violation.message,
                "cure": rejection.violation.cure,
            }
            for rejection in verdict.rejections
        ],
        "position": str(position),
        "id_minted": verdict.minted,
    }
    if verdict.warnings:
        told["warnings"] = [
            {"index": index, "message": message} for message, index in verdict.warnings.items()
        ]
    return Answer(200, msgspec.json.encode(told))


@lru_cache(maxsize=64)
def _plain_receipt(accepted: int, position: Position) -> Answer:
    """Cached, because all requests of one commit have the same position."""
    told = b'{"accepted":%d,"rejected":[],"position":"%b","id_minted":[]}'
    return Answer(200, told % (accepted, str(position).encode("ascii")))


def refusal(error: LiftlineError) -> Answer:
    """The answer to a request of which nothing was taken."""
    status, code = _status(error)
    body = {"code": code, "message": error.message, "cure": error.cure}
    headers = [JSON]
    if isinstance(error, UnavailableError):
        seconds = max(1, math.ceil(error.retry_after_s))
        headers.append((b"retry-after", b"%d" % seconds))
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="liftline"'))
    if status in _CLOSING:
        headers.append((b"connection", b"close"))
    return Answer(status, msgspec.json.encode(body), tuple(headers))


def preflight(origin: bytes | None, is_known: bool) -> Answer:
    """The answer to a browser that asks whether it may send."""
    if origin is None or not is_known:
        return Answer(403, b"", ())
    return Answer(
        204,
        b"",
        (
            (b"access-control-allow-methods", b"POST"),
            (
                b"access-control-allow-headers",
                b"authorization, content-type, content-encoding, x-api-key",
            ),
            (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE_S),
        ),
    )


def with_origin(answer: Answer, origin: bytes) -> Answer:
    """The same answer, readable by pages of that origin."""
    allowed = ((b"access-control-allow-origin", origin), (b"vary", b"origin"))
    return Answer(answer.status, answer.body, answer.headers + allowed)


def _status(error: LiftlineError) -> tuple[int, str]:
    match error:
        case RefusedError():
            return error.status, error.reason
        case UnknownKeyError():
            return 401, error.code
        case NotAllowedError():
            return 403, error.code
        case BusyError() | LogFullError():
            return 429, error.code
        case UnavailableError():
            return 503, error.code
    return 500, error.code
