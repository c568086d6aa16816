"""One process owns the embedded database, and an flock proves it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from liftline.core.errors import UnavailableError


class DatabaseOwnedError(UnavailableError):
    """Another process owns this database file."""

    code = "state.owned"
    default_cure = "use the running app's commands, or stop it first"


class OwnerLock:
    """Holds `<database>.owner` locked for as long as the process lives or until release().

    The kernel drops the lock when the process dies, so a kill -9 leaves nothing to clean.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".owner")
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            os.close(self._descriptor)
            raise DatabaseOwnedError(facts={"database": str(database)}) from busy

    def release(self) -> None:
        """Let go; the file itself stays, deleting it would race with the next owner."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
