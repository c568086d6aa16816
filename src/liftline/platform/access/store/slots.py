"""Slots and their keys. A slot is one source of events; its key can be rotated in place.

At most two keys of a slot live at a time: the one in use and its successor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, or_, select, update

from liftline.core.ids import Environment, ProjectId, new_id
from liftline.platform.access import keytext
from liftline.platform.access.contracts import KeyKind, KeyRecord
from liftline.platform.access.errors import AccessMissingError, BadRequestError, SlotFullError
from liftline.platform.access.store.tables import key_slots, keys

LIVE_MAX: Final = 2
ORIGINS_MAX: Final = 20
SLOTS_MAX: Final = 1000
LISTED_MAX: Final = 2000
FORGOTTEN_MAX: Final = 5000
_NAME: Final = re.compile(r"[\w .,:/()-]{1,80}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpec:
    """What a new slot is: whose, for what, and from which web origins it may be used."""

    project: ProjectId
    environment: Environment
    kind: KeyKind
    name: str
    origins: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListing:
    """One key as people see it in a list; never its text."""

    key_id: str
    slot_id: str
    kind: KeyKind
    name: str
    project: ProjectId
    environment: Environment
    origins: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A new key, shown once: `text` is stored nowhere.

    `is_in_force` is False when it could not be published yet; that is retried every second.
    """

    text: str
    key_id: str
    slot_id: str
    is_in_force: bool = True

    def __repr__(self) -> str:
        return f"MintedKey(key_id={self.key_id!r}, slot_id={self.slot_id!r}, text=***)"


def create(connection: Connection, spec: SlotSpec, now: datetime) -> MintedKey:
    """A new slot with its first key. Raises BadRequestError."""
    _check(spec, now)
    count = len(connection.execute(select(key_slots.c.slot_id).limit(SLOTS_MAX)).all())
    if count >= SLOTS_MAX:
        raise BadRequestError(f"there are {SLOTS_MAX} slots already", cure="rotate existing ones")
    slot_id = new_id("src")
    connection.execute(
        insert(key_slots).values(
            slot_id=slot_id,
            project=spec.project,
            environment=spec.environment,
            kind=spec.kind,
            name=spec.name,
            origins=msgspec.json.encode(spec.origins).decode(),
            created_at=now,
        )
    )
    return _mint(connection, slot_id, spec.kind, now, spec.expires_at)


def rotate(
    connection: Connection, slot_id: str, now: datetime, expires_at: datetime | None = None
) -> MintedKey:
    """A second key for a slot; the first goes on until it is revoked.

    Raises AccessMissingError, SlotFullError.
    """
    # The row lock makes two rotations on PostgreSQL take turns; SQLite has one writer anyway.
    slot = connection.execute(
        select(key_slots.c.kind).where(key_slots.c.slot_id == slot_id).with_for_update()
    ).first()
    if slot is None:
        raise AccessMissingError(f"there is no slot {slot_id!r}")
    live = connection.execute(
        select(keys.c.key_id).where(keys.c.slot_id == slot_id, *_is_live(now))
    ).all()
    if len(live) >= LIVE_MAX:
        raise SlotFullError(facts={"slot": slot_id})
    return _mint(connection, slot_id, slot.kind, now, expires_at)


def revoke(connection: Connection, key_id: str, now: datetime) -> None:
    """Take a key out of use for good; doing it twice is the same. Raises AccessMissingError."""
    row = connection.execute(select(keys.c.revoked_at).where(keys.c.key_id == key_id)).first()
    if row is None:
        raise AccessMissingError(f"there is no key {key_id!r}")
    if row.revoked_at is None:
        connection.execute(update(keys).where(keys.c.key_id == key_id).values(revoked_at=now))


def revoke_all(connection: Connection, slot_id: str, now: datetime) -> None:
    """Take every live key of a slot out of use."""
    live = (keys.c.slot_id == slot_id) & keys.c.revoked_at.is_(None)
    connection.execute(update(keys).where(live).values(revoked_at=now))


def forget_revoked(connection: Connection, before: datetime) -> int:
    """Drop keys revoked before an instant, at most FORGOTTEN_MAX; their slots stay."""
    chosen = select(keys.c.key_id).where(keys.c.revoked_at < before).limit(FORGOTTEN_MAX)
    return connection.execute(delete(keys).where(keys.c.key_id.in_(chosen))).rowcount


def listing(
    connection: Connection,
    project: ProjectId | None = None,
    environment: Environment | None = None,
    key_id: str | None = None,
) -> list[KeyListing]:
    """Keys, newest first, revoked ones too; at most LISTED_MAX."""
    query = (
        select(keys, *[key_slots.c[name] for name in _SLOT_COLUMNS])
        .join(key_slots, keys.c.slot_id == key_slots.c.slot_id)
        .order_by(keys.c.created_at.desc(), keys.c.key_id)
        .limit(LISTED_MAX)
    )
    if project is not None:
        query = query.where(key_slots.c.project == project)
    if environment is not None:
        query = query.where(key_slots.c.environment == environment)
    if key_id is not None:
        query = query.where(keys.c.key_id == key_id)
    return [_listed(row) for row in connection.execute(query).mappings()]


def slot_place(connection: Connection, slot_id: str) -> tuple[ProjectId, Environment]:
    """Where a slot belongs. Raises AccessMissingError."""
    row = connection.execute(
        select(key_slots.c.project, key_slots.c.environment).where(key_slots.c.slot_id == slot_id)
    ).first()
    if row is None:
        raise AccessMissingError(f"there is no slot {slot_id!r}")
    return ProjectId(row.project), cast(Environment, row.environment)


def places(connection: Connection) -> set[tuple[ProjectId, Environment]]:
    """Every project and environment that ever had a key."""
    rows = connection.execute(select(key_slots.c.project, key_slots.c.environment).distinct())
    return {(ProjectId(row.project), cast(Environment, row.environment)) for row in rows}


def find_slot(connection: Connection, spec: SlotSpec) -> str | None:
    """The oldest slot of this kind and name in its place."""
    return connection.execute(
        select(key_slots.c.slot_id)
        .where(
            key_slots.c.project == spec.project,
            key_slots.c.environment == spec.environment,
            key_slots.c.kind == spec.kind,
            key_slots.c.name == spec.name,
        )
        .order_by(key_slots.c.created_at)
    ).scalar()


def live_records(connection: Connection, now: datetime) -> tuple[KeyRecord, ...]:
    """Every live key as the hot processes need it, in a stable order."""
    rows = connection.execute(
        select(keys, *[key_slots.c[name] for name in _SLOT_COLUMNS])
        .join(key_slots, keys.c.slot_id == key_slots.c.slot_id)
        .where(*_is_live(now))
        .order_by(keys.c.key_id)
    ).mappings()
    return tuple(
        KeyRecord(
            key_id=row["key_id"],
            secret_sha256=row["secret_sha256"],
            kind=row["kind"],
            project=row["project"],
            environment=row["environment"],
            source_id=row["slot_id"],
            origins=_origins(row["origins"]),
            expires_at=row["expires_at"],
        )
        for row in rows
    )


def note_used(connection: Connection, key_id: str, at: datetime) -> None:
    """Remember that a key was used; never moves back."""
    connection.execute(
        update(keys)
        .where(
            keys.c.key_id == key_id, or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < at)
        )
        .values(last_used_at=at)
    )


_SLOT_COLUMNS: Final = ("kind", "name", "project", "environment", "origins")


def _is_live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > now)


def _mint(
    connection: Connection,
    slot_id: str,
    kind: KeyKind,
    now: datetime,
    expires_at: datetime | None,
) -> MintedKey:
    key_id = keytext.random_id()
    text = keytext.mint(kind, key_id)
    connection.execute(
        insert(keys).values(
            key_id=key_id,
            slot_id=slot_id,
            secret_sha256=keytext.digest(text),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return MintedKey(text=text, key_id=key_id, slot_id=slot_id)


def _check(spec: SlotSpec, now: datetime) -> None:
    if not _NAME.match(spec.name):
        raise BadRequestError("a slot's name has 1 to 80 letters, digits, spaces or .,:/()-")
    if spec.origins and spec.kind != "public":
        raise BadRequestError("only public keys have origins: browsers hold no others")
    if len(spec.origins) > ORIGINS_MAX:
        raise BadRequestError(f"a slot has at most {ORIGINS_MAX} origins")
    for origin in spec.origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise BadRequestError(
                f"{origin!r} is not an origin", cure="write it as https://app.example.com"
            )
    if spec.expires_at is not None and spec.expires_at <= now:
        raise BadRequestError("the key would have expired already")


def _origins(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _listed(row: RowMapping) -> KeyListing:
    return KeyListing(
        key_id=row["key_id"],
        slot_id=row["slot_id"],
        kind=row["kind"],
        name=row["name"],
        project=row["project"],
        environment=row["environment"],
        origins=_origins(row["origins"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
