"""What crosses the wall of secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from liftline.platform.state.contracts import Connection

SecretState = Literal["active", "next", "retired"]
SecretAction = Literal["secret.put", "secret.promote", "secret.retire", "secret.rewrap"]


class SecretValue:
    """A secret in memory. It shows itself nowhere: only `reveal()` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The secret itself; call it where it is used, and keep it nowhere."""
        return self._value

    def __repr__(self) -> str:
        return "SecretValue(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled or copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One version of a named secret, without its value."""

    name: str
    version: int
    state: SecretState
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretChange:
    """What happened to a secret, for the audit record; never its value."""

    actor: str
    action: SecretAction
    subject: str
    version: int
    at: datetime


OnSecretChange = Callable[[Connection, SecretChange], None]
"""Called in the transaction of the change; wiring records it in the audit log."""
