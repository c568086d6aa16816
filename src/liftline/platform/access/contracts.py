"""What crosses the wall of access: keys, people, principals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from liftline.core.ids import Environment, ProjectId, SourceId

KeyKind = Literal["public", "server", "ci", "admin"]
Role = Literal["viewer", "editor", "admin"]
ApproverScope = Literal["po", "qa", "privacy", "security"]


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One live key as the hot processes see it. The secret itself is never stored.

    `source_id` is the slot's id: two live keys of one slot are one source, so a rotation
    does not break de-duplication. `origins` is empty for keys that browsers do not hold.
    """

    key_id: str
    secret_sha256: str
    kind: KeyKind
    project: str
    environment: Environment
    source_id: str
    origins: tuple[str, ...] = ()
    expires_at: datetime | None = None


class KeySnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Every live key, as published under the control name `keys`."""

    keys: tuple[KeyRecord, ...]


CONTROL_KEYS = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: a signed-in person or a key, with what they may touch."""

    kind: Literal["person", "key"]
    id: str
    label: str
    role: Role
    scopes: frozenset[ApproverScope] = frozenset()
    project: ProjectId | None = None
    environment: Environment | None = None
    source_id: SourceId | None = None
