"""Goal: each kind of failure has one HTTP status and one exit code, decided in one place."""

import pytest

from liftline.app.exits import body, exit_code, http_status
from liftline.core.errors import (
    BrokenError,
    ConflictError,
    DeniedError,
    InvalidError,
    LiftlineError,
    NotFoundError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (InvalidError, 400, 2),
        (NotFoundError, 404, 3),
        (ConflictError, 409, 4),
        (DeniedError, 403, 5),
        (UnavailableError, 503, 75),
        (BrokenError, 500, 70),
        (LiftlineError, 500, 70),
    ],
)
def test_kinds(kind: type[LiftlineError], status: int, code: int) -> None:
    error = kind("x", cure="y")
    assert (http_status(error), exit_code(error)) == (status, code)
    assert body(error)["error"]["cure"] == "y"


def test_a_special_code_wins_over_its_kind() -> None:
    class NotSignedInError(DeniedError):
        """Sign in first."""

        code = "access.unauthenticated"

    assert http_status(NotSignedInError()) == 401
