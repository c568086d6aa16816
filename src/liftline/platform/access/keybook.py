"""Keys as the app handles them: each change is audited and published at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
from prometheus_client import Counter, Gauge

from liftline.core.clock import Clock
from liftline.core.errors import UnavailableError
from liftline.core.ids import Environment, ProjectId
from liftline.platform.access.contracts import CONTROL_KEYS, KeyRecord, KeyRing, KeySnapshot
from liftline.platform.access.errors import AccessMissingError
from liftline.platform.access.store import slots
from liftline.platform.access.store.slots import KeyListing, MintedKey, SlotSpec
from liftline.platform.audit.api import Change, record
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.state.contracts import Connection, StateStore

NOTE_EVERY: Final = timedelta(minutes=1)
REVOKED_KEPT: Final = timedelta(days=90)

LIVE_KEYS: Final = Gauge("liftline_access_live_keys", "Keys in the published snapshot.")
PUBLISH_FAILURES: Final = Counter(
    "liftline_access_publish_failures", "Key snapshots that could not be published."
)
UNNOTED: Final = Counter(
    "liftline_access_unnoted_uses", "Uses of keys and sessions that could not be written down."
)
_log = logging.getLogger(__name__)


class KeysNotInForceError(UnavailableError):
    """The change is stored, but the key snapshot could not be published yet."""

    code = "access.keys_not_in_force"
    default_cure = "it is retried every second; see docs/runbooks/access.md"


class KeyBook:
    """Creates, rotates, revokes and lists keys. Safe from many threads.

    A change is in force in every process PROPAGATION_BOUND_S after the call returned. When
    it is stored but cannot be published (a full disk, a busy database), `revoke` raises
    KeysNotInForceError, and calls that mint a key return it with `is_in_force` False: its
    text exists nowhere else. `republish_if_due` (called by the job loop) tries again.
    """

    def __init__(self, store: StateStore, publisher: SnapshotPublisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._lock = threading.Lock()
        self._is_due = True
        self._ring = KeyRing(KeySnapshot(keys=()))
        self._noted: dict[str, datetime] = {}

    def publish(self) -> int:
        """Read the live keys and put them in force; returns the snapshot's version.

        Reading happens inside the lock, so the last publication always has the last commit.
        Raises KeysNotInForceError, and then it stays due.
        """
        with self._lock:
            # Cleared before the read: what commits after the read makes it due again.
            self._is_due = False
            try:
                with self._store.read() as connection:
                    snapshot = KeySnapshot(keys=slots.live_records(connection, self._clock.now()))
                self._ring = KeyRing(snapshot)
                version = self._publisher.publish(CONTROL_KEYS, msgspec.json.encode(snapshot))
            except BaseException as failed:
                self._is_due = True
                if not isinstance(failed, OSError | UnavailableError):
                    raise
                PUBLISH_FAILURES.inc()
                raise KeysNotInForceError() from failed
            self._noted = {k: v for k, v in self._noted.items() if self._ring.has(k)}
        LIVE_KEYS.set(len(snapshot.keys))
        return version

    def publish_or_keep(self) -> bool:
        """Publish, or leave the last good snapshot in force and stay due; False then.

        For a start on a full disk: the other processes go on with what they have.
        """
        try:
            self.publish()
        except KeysNotInForceError as failed:
            _log.warning("the keys could not be published, the last snapshot stays: %s", failed)
            return False
        return True

    def republish_if_due(self) -> int:
        """Publish again after a failure; returns 0 always, so that a loop does not spin."""
        if self._is_due:
            self.publish()
        return 0

    def create(self, actor: str, spec: SlotSpec) -> MintedKey:
        """A new slot and its first key, whose text is shown this once."""
        now = self._clock.now()
        with self._change() as connection:
            minted = slots.create(connection, spec, now)
            after = {
                "slot": minted.slot_id,
                "kind": spec.kind,
                "name": spec.name,
                "project": spec.project,
                "environment": spec.environment,
                "origins": list(spec.origins),
            }
            _audit(connection, actor, "key.create", minted.key_id, after, now)
        return self._in_force(minted)

    def rotate(self, actor: str, slot_id: str, expires_at: datetime | None = None) -> MintedKey:
        """A second live key for the slot. Raises AccessMissingError, SlotFullError."""
        now = self._clock.now()
        with self._change() as connection:
            minted = slots.rotate(connection, slot_id, now, expires_at)
            _audit(connection, actor, "key.rotate", minted.key_id, {"slot": slot_id}, now)
        return self._in_force(minted)

    def revoke(self, actor: str, key_id: str) -> None:
        """Take a key out of use for good. Raises AccessMissingError."""
        now = self._clock.now()
        with self._change() as connection:
            slots.revoke(connection, key_id, now)
            _audit(connection, actor, "key.revoke", key_id, None, now)
        self.publish()

    def ensure(self, actor: str, spec: SlotSpec) -> MintedKey:
        """A fresh key in the slot of this kind and name, made when absent; older keys of it end.

        For keys that a process mints for itself at start (demo traffic, the app's own
        outbox): the text need not be kept on disk, the source stays the same.
        """
        now = self._clock.now()
        with self._change() as connection:
            slot_id = slots.find_slot(connection, spec)
            if slot_id is None:
                minted = slots.create(connection, spec, now)
            else:
                slots.revoke_all(connection, slot_id, now)
                minted = slots.rotate(connection, slot_id, now, spec.expires_at)
            after = {"slot": minted.slot_id, "kind": spec.kind, "name": spec.name}
            _audit(connection, actor, "key.ensure", minted.key_id, after, now)
        return self._in_force(minted)

    def listing(
        self, project: ProjectId | None = None, environment: Environment | None = None
    ) -> list[KeyListing]:
        """Keys, newest first, revoked ones too."""
        with self._store.read() as connection:
            return slots.listing(connection, project, environment)

    def places(self) -> set[tuple[ProjectId, Environment]]:
        """Every project and environment that ever had a key."""
        with self._store.read() as connection:
            return slots.places(connection)

    def forget_revoked(self) -> int:
        """Drop keys that were revoked REVOKED_KEPT ago; returns how many. The audit has them."""
        before = self._clock.now() - REVOKED_KEPT
        with self._store.write() as connection:
            return slots.forget_revoked(connection, before)

    def place_of_key(self, key_id: str) -> tuple[ProjectId, Environment]:
        """Where a key belongs. Raises AccessMissingError."""
        with self._store.read() as connection:
            found = slots.listing(connection, key_id=key_id)
        if not found:
            raise AccessMissingError(f"there is no key {key_id!r}")
        return found[0].project, found[0].environment

    def place_of_slot(self, slot_id: str) -> tuple[ProjectId, Environment]:
        """Where a slot belongs. Raises AccessMissingError."""
        with self._store.read() as connection:
            return slots.slot_place(connection, slot_id)

    def find(self, text: str) -> KeyRecord | None:
        """The live key that this text is; notes its use at most once a minute."""
        now = self._clock.now()
        found = self._ring.find(text, now)
        if found is not None:
            self.note_used(found.key_id, now)
        return found

    def note_used(self, key_id: str, at: datetime) -> None:
        """Remember a use, such as the collector reports it; bounded to one write a minute.

        Best effort: a database that cannot take it now must not turn the key's holder away.
        """
        with self._lock:
            noted = self._noted.get(key_id)
            if not self._ring.has(key_id) or (noted is not None and at - noted < NOTE_EVERY):
                return
            self._noted[key_id] = at
        try:
            with self._store.write() as connection:
                slots.note_used(connection, key_id, at)
        except UnavailableError:
            UNNOTED.inc()

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        """A write after which the snapshot is due, whatever becomes of the call."""
        try:
            with self._store.write() as connection:
                yield connection
        finally:
            # Also after a failure: a commit whose answer was lost may have happened.
            self._is_due = True

    def _in_force(self, minted: MintedKey) -> MintedKey:
        try:
            self.publish()
        except KeysNotInForceError as failed:
            _log.warning("key %s is stored but not yet in force: %s", minted.key_id, failed)
            return replace(minted, is_in_force=False)
        return minted


def _audit(
    connection: Connection,
    actor: str,
    action: str,
    key_id: str,
    after: Mapping[str, str | Sequence[str]] | None,
    at: datetime,
) -> None:
    change = Change(actor=actor, action=action, subject=f"key:{key_id}", after=after, at=at)
    record(connection, change)
