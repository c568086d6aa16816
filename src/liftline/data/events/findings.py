"""Something to say about a file of the plan: where, what, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from liftline.core.errors import InvalidError


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One remark. An error keeps the plan from being used; a warning does not."""

    file: str
    line: int
    code: str
    message: str
    cure: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity} {self.code}: {self.message}"


class InvalidPlanError(InvalidError):
    """The tracking plan cannot be used as its files are."""

    code = "events.invalid_plan"
    default_cure = "run `liftline tracking check` to see every finding with its line"

    def __init__(self, findings: Sequence[Finding]) -> None:
        first = findings[0]
        rest = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(
            f"{first.file}:{first.line}: {first.message}{rest}",
            cure=first.cure,
            facts={"file": first.file, "line": first.line, "finding": first.code},
        )
        self.findings = tuple(findings)
