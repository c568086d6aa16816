"""The one place where kinds of failure become HTTP statuses and exit codes."""

from __future__ import annotations

from liftline.core.errors import (
    BrokenError,
    ConflictError,
    DeniedError,
    InvalidError,
    LiftlineError,
    NotFoundError,
    UnavailableError,
)

# Most specific first; a code listed in SPECIAL wins over its class.
KINDS: tuple[tuple[type[LiftlineError], int, int], ...] = (
    (InvalidError, 400, 2),
    (NotFoundError, 404, 3),
    (ConflictError, 409, 4),
    (DeniedError, 403, 5),
    (UnavailableError, 503, 75),
    (BrokenError, 500, 70),
)
SPECIAL_STATUS = {
    "access.unauthenticated": 401,
    "access.login_failed": 401,
    "access.rate_limited": 429,
}


def http_status(error: LiftlineError) -> int:
    """The HTTP status that says what kind of failure this is."""
    if error.code in SPECIAL_STATUS:
        return SPECIAL_STATUS[error.code]
    return next((status for kind, status, _ in KINDS if isinstance(error, kind)), 500)


def exit_code(error: LiftlineError) -> int:
    """The exit code: 2 invalid, 3 not found, 4 conflict, 5 denied, 75 later, 70 broken."""
    return next((code for kind, _, code in KINDS if isinstance(error, kind)), 70)


def body(error: LiftlineError) -> dict[str, object]:
    """The JSON that every failed request answers with."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "cure": error.cure,
            "facts": error.facts,
        }
    }
