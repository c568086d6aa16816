"""What crosses the wall of access: keys, people, principals. Standard library and msgspec only:
the collector imports it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from liftline.core.ids import Environment, ProjectId, SourceId
from liftline.platform.access import keytext

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


class KeyRing:
    """Every live key, ready to be looked up. Immutable: a new snapshot makes a new ring."""

    def __init__(self, snapshot: KeySnapshot) -> None:
        self._keys = {key.key_id: key for key in snapshot.keys}

    @classmethod
    def decode(cls, body: bytes) -> KeyRing:
        """The ring of a published snapshot's body. Raises msgspec.DecodeError."""
        return cls(msgspec.json.decode(body, type=KeySnapshot))

    def __len__(self) -> int:
        return len(self._keys)

    def has(self, key_id: str) -> bool:
        """Whether a key of this id is in the snapshot."""
        return key_id in self._keys

    def find(self, text: str, now: datetime) -> KeyRecord | None:
        """The live key that this text is, or None. Costs a few microseconds.

        Shape and checksum first, so that noise costs no hash; the digest of the whole text
        is compared in constant time. Revoked keys are not in the ring, expired ones fail.
        """
        parsed = keytext.parse(text)
        if parsed is None:
            return None
        record = self._keys.get(parsed.key_id)
        if record is None or record.kind != parsed.kind:
            return None
        if not hmac.compare_digest(parsed.secret_sha256, record.secret_sha256):
            return None
        if record.expires_at is not None and now >= record.expires_at:
            return None
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role in a place; None stands for every project, or every environment."""

    role: Role
    project: ProjectId | None = None
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: a signed-in person or a key, with what they may touch.

    What they may do is decided by `api.allow` alone. `role` is the strongest role held
    anywhere, for people to read. A person's places are in `grants`; a key has one place,
    `project` and `environment`, and a `key_kind`.
    """

    kind: Literal["person", "key"]
    id: str
    label: str
    role: Role
    scopes: frozenset[ApproverScope] = frozenset()
    project: ProjectId | None = None
    environment: Environment | None = None
    source_id: SourceId | None = None
    grants: tuple[Grant, ...] = ()
    key_kind: KeyKind | None = None
