"""Six kinds of failure that every room speaks of.

A room subclasses one of the six with a stable `code`. The class docstring's first
line is the default message. `facts` carry what a program needs, `cure` what a reader
can do about it. The mapping to HTTP statuses and exit codes exists once, in app.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

FactValue = str | int | float | bool | None


class LiftlineError(Exception):
    """Something went wrong that Liftline has a name for."""

    code: ClassVar[str] = "liftline.error"
    default_cure: ClassVar[str] = ""

    def __init__(
        self, message: str = "", *, cure: str = "", facts: Mapping[str, FactValue] | None = None
    ) -> None:
        doc_line = (type(self).__doc__ or "").strip().splitlines()
        self.message = message or (doc_line[0] if doc_line else self.code)
        self.cure = cure or self.default_cure
        self.facts: dict[str, FactValue] = dict(facts or {})
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f" Cure: {self.cure}" if self.cure else "")


class InvalidError(LiftlineError):
    """The request cannot be understood or breaks a rule."""

    code = "invalid"


class NotFoundError(LiftlineError):
    """What was asked for does not exist."""

    code = "not_found"


class ConflictError(LiftlineError):
    """What was asked for contradicts what already is."""

    code = "conflict"


class DeniedError(LiftlineError):
    """The caller may not do this."""

    code = "denied"


class UnavailableError(LiftlineError):
    """A part that is needed cannot answer now; the same request may succeed later."""

    code = "unavailable"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_s: float = 1.0,
        cure: str = "",
        facts: Mapping[str, FactValue] | None = None,
    ) -> None:
        super().__init__(message, cure=cure, facts=facts)
        self.retry_after_s = retry_after_s


class BrokenError(LiftlineError):
    """Stored state or code contradicts itself: a defect or damage, never the caller's fault."""

    code = "broken"
