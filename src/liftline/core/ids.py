"""Names of things, as types, so that one cannot be passed for another."""

from __future__ import annotations

import os
import re
import time
from typing import Final, Literal, NewType

from liftline.core.errors import InvalidError

ProjectId = NewType("ProjectId", str)
SourceId = NewType("SourceId", str)
Environment = Literal["dev", "staging", "prod"]
ENVIRONMENTS: Final[tuple[Environment, ...]] = ("dev", "staging", "prod")

DEMO_PROJECT: Final = ProjectId("demo")

_PROJECT = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class BadNameError(InvalidError):
    """That is not a usable name."""

    code = "core.bad_name"


def project_id(text: str) -> ProjectId:
    """Parse a project's name: a lower-case letter, then up to 39 of a-z, 0-9, _ and -."""
    if not _PROJECT.match(text):
        raise BadNameError(
            f"{text!r} is not a project name",
            cure="use a lower-case letter, then letters, digits, _ or - (40 characters at most)",
        )
    return ProjectId(text)


def environment(text: str) -> Environment:
    """Parse an environment: dev, staging or prod."""
    for known in ENVIRONMENTS:
        if text == known:
            return known
    raise BadNameError(f"{text!r} is not an environment", cure="use dev, staging or prod")


def new_id(prefix: str) -> str:
    """A fresh id that sorts by creation time: prefix, 48 bits of milliseconds, 80 random bits."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    digits = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits.append(_CROCKFORD[digit])
    return f"{prefix}_{''.join(reversed(digits))}"
