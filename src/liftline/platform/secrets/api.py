"""Named secrets with two live versions, encrypted at rest."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from liftline.core.clock import Clock
from liftline.core.errors import ConflictError, InvalidError, NotFoundError
from liftline.platform.secrets import envelope, master, store
from liftline.platform.secrets.contracts import (
    OnSecretChange,
    SecretChange,
    SecretState,
    SecretValue,
    SecretVersion,
)
from liftline.platform.secrets.envelope import MasterKey, SealBrokenError
from liftline.platform.secrets.master import BadMasterKeyError, MasterKeys, OpenMasterKeyError
from liftline.platform.secrets.store import SealedVersion
from liftline.platform.secrets.verify import hmac_sha256_matches, matches_either
from liftline.platform.state.contracts import Connection, StateStore

__all__ = [
    "BadMasterKeyError",
    "BadSecretError",
    "MasterKeys",
    "NextExistsError",
    "OpenMasterKeyError",
    "SealBrokenError",
    "SecretMissingError",
    "Secrets",
    "hmac_sha256_matches",
    "load_master_keys",
    "matches_either",
]

VALUE_BYTES_MAX: Final = 64 * 1024
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,79}\Z")

READS: Final = Counter("liftline_secrets_reads", "Secret values opened.")
SEAL_FAILURES: Final = Counter("liftline_secrets_seal_failures", "Secrets that did not open.")


class BadSecretError(InvalidError):
    """A secret with this name or value cannot be kept."""

    code = "secrets.bad_secret"


class SecretMissingError(NotFoundError):
    """There is no live secret of this name."""

    code = "secrets.missing"


class NextExistsError(ConflictError):
    """Two versions of this secret live already."""

    code = "secrets.two_live"
    default_cure = "promote or retire the next version first"


def load_master_keys(directory: Path, environ: Mapping[str, str]) -> MasterKeys:
    """Find or make the master key; see `master.load`."""
    return master.load(directory, environ)


def _unrecorded(connection: Connection, change: SecretChange) -> None:
    """Nobody asked to hear of it."""


class Secrets:
    """The operational database's secrets, opened with the master key.

    Values are never logged and `repr` masks them. Each change calls `on_change` in its own
    transaction. Safe from many threads; `rotate_master` is called by one operator at a time.
    """

    def __init__(
        self,
        store: StateStore,
        keys: MasterKeys,
        clock: Clock,
        on_change: OnSecretChange = _unrecorded,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._path = keys.path
        # A value must be sealed and opened with the master key its row was wrapped with.
        self._lock = threading.Lock()
        self._master = self._settle_rotation(keys)

    def put(self, name: str, value: bytes, *, actor: str = "system") -> SecretVersion:
        """Keep a value: the first becomes active, a later one `next` beside the active one.

        Raises BadSecretError, NextExistsError.
        """
        if not _NAME.match(name):
            raise BadSecretError(f"{name!r} is not the name of a secret")
        if not 0 < len(value) <= VALUE_BYTES_MAX:
            raise BadSecretError(f"a secret has 1 to {VALUE_BYTES_MAX} bytes")
        with self._lock, self._store.write() as connection:
            live = {version.state for version in store.live_versions(connection, name)}
            if "next" in live:
                raise NextExistsError(facts={"name": name})
            state: SecretState = "next" if "active" in live else "active"
            version = store.newest_version(connection, name) + 1
            sealed = envelope.seal(self._master, name, version, value)
            now = self._clock.now()
            made = SealedVersion(name=name, version=version, sealed=sealed)
            store.add(connection, made, state, now)
            self._on_change(
                connection,
                SecretChange(
                    actor=actor,
                    action="secret.put",
                    subject=f"secret:{name}",
                    version=version,
                    at=self._clock.now(),
                ),
            )
        return SecretVersion(name=name, version=version, state=state, created_at=now)

    def active(self, name: str) -> SecretValue:
        """The value to sign and send with. Raises SecretMissingError, SealBrokenError."""
        return self.live(name)[0]

    def live(self, name: str) -> tuple[SecretValue, ...]:
        """The active value, then the next one if there is one: accept either when verifying.

        Raises SecretMissingError, SealBrokenError.
        """
        with self._lock:
            with self._store.read() as connection:
                found = store.live(connection, name)
            values = tuple(self._open(version) for version in found)
        if not values:
            raise SecretMissingError(f"there is no live secret {name!r}")
        return values

    def promote(self, name: str, *, actor: str = "system") -> None:
        """The next version becomes active, the active one retires and is erased."""
        with self._store.write() as connection:
            versions = {v.state: v.version for v in store.live_versions(connection, name)}
            if "next" not in versions:
                raise SecretMissingError(f"{name!r} has no next version")
            if "active" in versions:
                store.erase(connection, name, versions["active"])
            store.activate(connection, name, versions["next"])
            self._on_change(
                connection,
                SecretChange(
                    actor=actor,
                    action="secret.promote",
                    subject=f"secret:{name}",
                    version=versions["next"],
                    at=self._clock.now(),
                ),
            )

    def retire(self, name: str, version: int, *, actor: str = "system") -> None:
        """Take a live version out of use and erase its value. Raises SecretMissingError."""
        with self._store.write() as connection:
            if version not in {v.version for v in store.live_versions(connection, name)}:
                raise SecretMissingError(f"{name!r} has no live version {version}")
            store.erase(connection, name, version)
            self._on_change(
                connection,
                SecretChange(
                    actor=actor,
                    action="secret.retire",
                    subject=f"secret:{name}",
                    version=version,
                    at=self._clock.now(),
                ),
            )

    def versions(self, name: str) -> list[SecretVersion]:
        """The live versions, without their values."""
        with self._store.read() as connection:
            return store.live_versions(connection, name)

    def names(self) -> list[str]:
        """Every secret that has a live version."""
        with self._store.read() as connection:
            return sorted({version.name for version in store.live(connection)})

    def rotate_master(self, new_key: bytes | None = None, *, actor: str = "system") -> str:
        """Wrap every version with a new master key; returns the new key's id.

        With the key in the data directory the files are swapped too. With the key in the
        environment pass the new one, then change the environment and restart. Raises
        BadMasterKeyError.
        """
        if self._path is None and new_key is None:
            raise BadMasterKeyError("the master key is kept outside; pass the new one")
        if new_key is not None and len(new_key) != envelope.KEY_BYTES:
            raise BadMasterKeyError(f"the new key has {len(new_key)} bytes, not 32")
        key = new_key or os.urandom(envelope.KEY_BYTES)
        fresh = MasterKey(key)
        with self._lock:
            if self._path is not None:
                master.next_path(self._path).unlink(missing_ok=True)
                master.write(master.next_path(self._path), key)
            with self._store.write() as connection:
                for old in store.live(connection):
                    wrapped = envelope.rewrap(
                        self._master, fresh, old.name, old.version, old.sealed.wrapped_key
                    )
                    store.rewrap(connection, old.name, old.version, fresh.id, wrapped)
                self._on_change(
                    connection,
                    SecretChange(
                        actor=actor,
                        action="secret.rewrap",
                        subject="secret:master",
                        version=0,
                        at=self._clock.now(),
                    ),
                )
            if self._path is not None:
                self._swap_files(self._path)
            self._master = fresh
        return fresh.id

    def _settle_rotation(self, keys: MasterKeys) -> MasterKey:
        """After a crash in a rotation: the database says which of the two keys is in force."""
        with self._store.read() as connection:
            used = store.master_ids(connection)
        if keys.candidate is not None and keys.path is not None:
            if used == {keys.candidate.id}:
                self._swap_files(keys.path)
                return keys.candidate
            master.next_path(keys.path).unlink(missing_ok=True)
        if used - {keys.current.id}:
            SEAL_FAILURES.inc()
            raise SealBrokenError("the stored secrets were sealed with another master key")
        return keys.current

    def _swap_files(self, path: Path) -> None:
        master.next_path(path).replace(path)
        master.sync_directory(path.parent)

    def _open(self, found: SealedVersion) -> SecretValue:
        try:
            value = envelope.unseal(self._master, found.name, found.version, found.sealed)
        except SealBrokenError:
            SEAL_FAILURES.inc()
            raise
        READS.inc()
        return SecretValue(value)
