"""How the command line asks the running app: one JSON request over loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from liftline.core.errors import (
    BrokenError,
    ConflictError,
    DeniedError,
    InvalidError,
    LiftlineError,
    NotFoundError,
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
}


def ask(data: Path, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The app's answer. Raises NotRunningError, or the kind of error that the app named."""
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
    except httpx.TransportError as failed:
        raise operator.NotRunningError(facts={"url": found.url}) from failed
    if answer.is_success:
        return dict(answer.json()) if answer.content else {}
    try:
        error = answer.json()["error"]
        message, cure = str(error["message"]), str(error["cure"])
    except (ValueError, KeyError, TypeError):
        message, cure = f"the app answered {answer.status_code}", ""
    raise _KINDS.get(answer.status_code, BrokenError)(message, cure=cure)
