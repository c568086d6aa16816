"""How the command line asks the running app: one JSON request over loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

from liftline.core.errors import (
    BrokenError,
    ConflictError,
    DeniedError,
    InvalidError,
    LiftlineError,
    NotFoundError,
    UnavailableError,
)
from liftline.platform.access import operator

TIMEOUT_S: Final = 15.0
_KINDS: Final[dict[int, type[LiftlineError]]] = {
    400: InvalidError,
    422: InvalidError,
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: UnavailableError,
    503: UnavailableError,
}


class NoAnswerError(UnavailableError):
    """Liftline runs but gave no whole answer; what was asked for may have been done."""

    code = "access.no_answer"
    default_cure = "look (with `list`) whether it was done before you ask again"


def ask(data: Path, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The app's answer.

    Raises NotRunningError, NoAnswerError, or the kind of error that the app named, with its code.
    """
    import httpx  # noqa: PLC0415 - 100 ms that `liftline --help` must not pay

    found = operator.read(data / "run")
    try:
        answer = httpx.request(
            method,
            found.url + path,
            json=body,
            headers={"authorization": f"Bearer {found.key}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as failed:
        raise operator.NotRunningError(facts={"url": found.url}) from failed
    except httpx.TransportError as failed:
        raise NoAnswerError(facts={"url": found.url}) from failed
    if answer.is_success:
        return dict(answer.json()) if answer.content else {}
    kind = _KINDS.get(answer.status_code, BrokenError)
    try:
        error = answer.json()["error"]
        code, message, cure = str(error["code"]), str(error["message"]), str(error["cure"])
    except (ValueError, KeyError, TypeError):
        code, message, cure = kind.code, f"the app answered {answer.status_code}", ""
    # A code belongs to a class: this one stands for the class that the app raised.
    named = cast("type[LiftlineError]", type(kind.__name__, (kind,), {"code": code}))
    raise named(message, cure=cure)
