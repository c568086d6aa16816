"""Goal: a key change is audited, published at once, and in force for every reader."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text

from liftline.core.clock import ManualClock
from liftline.core.errors import UnavailableError
from liftline.core.ids import ProjectId
from liftline.platform.access.api import (
    Access,
    AccessMissingError,
    BadRequestError,
    KeysNotInForceError,
    SlotFullError,
    SlotSpec,
)
from liftline.platform.access.contracts import CONTROL_KEYS, KeyRecord, KeyRing
from liftline.platform.access.jobs import forget_revoked_keys
from liftline.platform.access.keybook import REVOKED_KEPT, UNNOTED, KeyBook
from liftline.platform.access.store import slots
from liftline.platform.audit.api import recent
from liftline.platform.control.api import SnapshotPublisher, SnapshotReader
from liftline.platform.state.contracts import Connection, StateStore

SHOP = ProjectId("shop")
SPEC = SlotSpec(project=SHOP, environment="dev", kind="server", name="web shop")


def in_force(tmp_path: Path, text: str, clock: ManualClock) -> KeyRecord | None:
    """What the collector would say: from the files alone."""
    reader = SnapshotReader(tmp_path / "control", CONTROL_KEYS)
    reader.refresh()
    current = reader.current()
    assert current is not None
    return KeyRing.decode(current.body).find(text, clock.now())


def test_a_new_key_is_in_force_and_its_text_is_stored_nowhere(
    access: Access, store: StateStore, tmp_path: Path, clock: ManualClock
) -> None:
    minted = access.keys.create("person:a", SPEC)
    record = in_force(tmp_path, minted.text, clock)
    assert record is not None
    assert (record.project, record.environment, record.kind) == ("shop", "dev", "server")
    assert record.source_id == minted.slot_id
    assert minted.text not in repr(minted)
    with store.read() as connection:
        tables = ("keys", "key_slots", "audit_log")
        stored = [str(connection.execute(text(f"select * from {t}")).all()) for t in tables]
    files = [file.read_text() for file in (tmp_path / "control").iterdir()]
    secret = minted.text.rsplit("_", 1)[1]
    assert not any(secret in content for content in (*stored, *files))


def test_a_revoked_key_is_out_of_force_when_the_call_returns(
    access: Access, tmp_path: Path, clock: ManualClock
) -> None:
    minted = access.keys.create("person:a", SPEC)
    other = access.keys.create("person:a", SPEC)
    access.keys.revoke("person:a", minted.key_id)
    access.keys.revoke("person:a", minted.key_id)
    assert in_force(tmp_path, minted.text, clock) is None
    assert in_force(tmp_path, other.text, clock) is not None
    assert access.keys.find(minted.text) is None


def test_a_slot_has_two_live_keys_and_stays_one_source(
    access: Access, tmp_path: Path, clock: ManualClock
) -> None:
    first = access.keys.create("person:a", SPEC)
    second = access.keys.rotate("person:a", first.slot_id)
    with pytest.raises(SlotFullError):
        access.keys.rotate("person:a", first.slot_id)
    found = [in_force(tmp_path, minted.text, clock) for minted in (first, second)]
    assert {record.source_id for record in found if record} == {first.slot_id}
    assert None not in found
    access.keys.revoke("person:a", first.key_id)
    access.keys.rotate("person:a", first.slot_id)


def test_an_expired_key_makes_room(access: Access, clock: ManualClock) -> None:
    first = access.keys.create("person:a", SPEC)
    access.keys.rotate("person:a", first.slot_id, clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    assert access.keys.rotate("person:a", first.slot_id).slot_id == first.slot_id


def test_what_is_not_there_is_missing(access: Access) -> None:
    for act in (
        lambda: access.keys.revoke("person:a", "nokey"),
        lambda: access.keys.rotate("person:a", "noslot"),
        lambda: access.keys.place_of_key("nokey"),
        lambda: access.keys.place_of_slot("noslot"),
    ):
        with pytest.raises(AccessMissingError):
            act()


@pytest.mark.parametrize(
    ("kind", "name", "origins"),
    [
        ("server", "", ()),
        ("server", "x" * 81, ()),
        ("server", "<b>", ()),
        ("server", "ok", ("https://a.example",)),
        ("public", "ok", ("a.example",)),
        ("public", "ok", ("https://a.example/path",)),
        ("public", "ok", ("javascript:alert(1)",)),
        ("public", "ok", tuple(f"https://{n}.example" for n in range(21))),
    ],
)
def test_bad_slots_are_refused(
    access: Access, kind: str, name: str, origins: tuple[str, ...]
) -> None:
    spec = SlotSpec(project=SHOP, environment="dev", kind=kind, name=name, origins=origins)  # type: ignore[arg-type]
    with pytest.raises(BadRequestError):
        access.keys.create("person:a", spec)


def test_each_change_is_audited(access: Access, store: StateStore) -> None:
    minted = access.keys.create("person:a", SPEC)
    access.keys.rotate("person:b", minted.slot_id)
    access.keys.revoke("person:c", minted.key_id)
    with store.read() as connection:
        found = [(entry.actor, entry.action) for entry in recent(connection)]
    assert found == [
        ("person:c", "key.revoke"),
        ("person:b", "key.rotate"),
        ("person:a", "key.create"),
    ]


def test_a_disk_that_refuses_is_said_and_made_up_for(
    access: Access, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    minted = access.keys.create("person:a", SPEC)

    def refuse(_self: SnapshotPublisher, _name: str, _body: bytes) -> int:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotPublisher, "publish", refuse)
        with pytest.raises(KeysNotInForceError):
            access.keys.revoke("person:a", minted.key_id)
    assert in_force(tmp_path, minted.text, clock) is not None
    assert access.keys.find(minted.text) is None
    assert access.keys.republish_if_due() == 0
    assert in_force(tmp_path, minted.text, clock) is None
    before = SnapshotReader(tmp_path / "control", CONTROL_KEYS)
    before.refresh()
    access.keys.republish_if_due()
    assert before.refresh() is False


def test_use_is_noted_at_most_once_a_minute(
    access: Access, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    minted = access.keys.create("person:a", SPEC)
    start = clock.now()
    for _ in range(6):
        assert access.keys.find(minted.text) is not None
        clock.advance(timedelta(seconds=15))
    [listed] = access.keys.listing()
    assert listed.last_used_at == start + timedelta(minutes=1)
    access.keys.note_used("unknown", clock.now())


def test_ensure_keeps_the_source_and_ends_older_keys(
    access: Access, tmp_path: Path, clock: ManualClock
) -> None:
    minted = [access.keys.ensure("system", SPEC) for _ in range(4)]
    assert len({key.slot_id for key in minted}) == 1
    live = [in_force(tmp_path, key.text, clock) is not None for key in minted]
    assert live == [False, False, False, True]


def test_lists_are_of_their_place(access: Access) -> None:
    access.keys.create("person:a", SPEC)
    blog = SlotSpec(project=ProjectId("blog"), environment="prod", kind="ci", name="ci")
    access.keys.create("person:a", blog)
    assert [key.name for key in access.keys.listing(ProjectId("blog"))] == ["ci"]
    assert [key.name for key in access.keys.listing(SHOP, "prod")] == []
    assert len(access.keys.listing()) == 2


class Moody:
    """A store that is away when it is told to be."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self.reads_away = 0
        self.writes_away = 0

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self._store.dialect

    def read(self) -> AbstractContextManager[Connection]:
        if self.reads_away:
            self.reads_away -= 1
            raise UnavailableError("busy")
        return self._store.read()

    def write(self) -> AbstractContextManager[Connection]:
        if self.writes_away:
            self.writes_away -= 1
            raise UnavailableError("database or disk is full")
        return self._store.write()

    def migrate(self) -> None:
        self._store.migrate()

    def close(self) -> None:
        self._store.close()


@pytest.fixture
def moody(store: StateStore) -> Moody:
    return Moody(store)


@pytest.fixture
def moody_keys(moody: Moody, clock: ManualClock, tmp_path: Path) -> KeyBook:
    made = KeyBook(moody, SnapshotPublisher(tmp_path / "control"), clock)
    made.publish()
    return made


def test_a_revocation_whose_snapshot_cannot_be_read_is_made_up_for(
    moody: Moody, moody_keys: KeyBook, tmp_path: Path, clock: ManualClock
) -> None:
    minted = moody_keys.create("person:a", SPEC)
    moody.reads_away = 1
    with pytest.raises(KeysNotInForceError):
        moody_keys.revoke("person:a", minted.key_id)
    assert in_force(tmp_path, minted.text, clock) is not None
    moody_keys.republish_if_due()
    assert in_force(tmp_path, minted.text, clock) is None


def test_a_minted_key_is_never_lost_when_it_cannot_be_published(
    moody: Moody, moody_keys: KeyBook, tmp_path: Path, clock: ManualClock
) -> None:
    moody.reads_away = 1
    created = moody_keys.create("person:a", SPEC)
    moody.reads_away = 1
    rotated = moody_keys.rotate("person:a", created.slot_id)
    assert (created.is_in_force, rotated.is_in_force) == (False, False)
    assert in_force(tmp_path, rotated.text, clock) is None
    moody_keys.republish_if_due()
    assert in_force(tmp_path, created.text, clock) is not None
    assert in_force(tmp_path, rotated.text, clock) is not None


def test_a_start_on_a_full_disk_keeps_the_last_snapshot_and_stays_due(
    moody: Moody,
    moody_keys: KeyBook,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    minted = moody_keys.create("person:a", SPEC)
    started = KeyBook(moody, SnapshotPublisher(tmp_path / "control"), clock)

    def refuse(_self: SnapshotPublisher, _name: str, _body: bytes) -> int:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotPublisher, "publish", refuse)
        assert started.publish_or_keep() is False
    assert in_force(tmp_path, minted.text, clock) is not None
    moody_keys.revoke("person:a", minted.key_id)
    other = moody_keys.create("person:a", SPEC)
    started.republish_if_due()
    assert in_force(tmp_path, other.text, clock) is not None
    assert started.publish_or_keep() is True


def test_a_key_works_when_its_use_cannot_be_written_down(
    moody: Moody, moody_keys: KeyBook, clock: ManualClock
) -> None:
    minted = moody_keys.create("person:a", SPEC)
    before = UNNOTED._value.get()
    moody.writes_away = 1
    assert moody_keys.find(minted.text) is not None
    assert UNNOTED._value.get() == before + 1


def test_ensure_touches_no_slot_of_another_kind(access: Access) -> None:
    theirs = access.keys.create("person:a", replace(SPEC, kind="public"))
    own = access.keys.ensure("system", replace(SPEC, kind="admin"))
    assert own.text.startswith("llk_admin_")
    assert own.slot_id != theirs.slot_id
    assert access.keys.find(theirs.text) is not None


def test_places_are_all_there_however_many_keys_are_listed(
    access: Access, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "LISTED_MAX", 3)
    access.keys.create("person:a", SPEC)
    for _ in range(4):
        clock.advance(timedelta(seconds=1))
        access.keys.ensure("system", replace(SPEC, project=ProjectId("demo")))
    assert access.keys.places() == {("shop", "dev"), ("demo", "dev")}


def test_keys_revoked_long_ago_are_forgotten_and_others_stay(
    access: Access, clock: ManualClock, store: StateStore
) -> None:
    long_ago = access.keys.create("person:a", SPEC)
    access.keys.revoke("person:a", long_ago.key_id)
    lately = access.keys.rotate("person:a", long_ago.slot_id)
    clock.advance(REVOKED_KEPT)
    access.keys.revoke("person:a", lately.key_id)
    live = access.keys.rotate("person:a", long_ago.slot_id)
    clock.advance(timedelta(seconds=1))

    def provide(port: type[Any]) -> Any:
        return {Access: access}[port]

    forget_revoked_keys(provide)
    assert {key.key_id for key in access.keys.listing()} == {lately.key_id, live.key_id}
