"""Where the master key comes from: the environment, a named file, or the data directory.

A rotation writes the new key beside the old one (`master.key.next`) before the database
changes and swaps the files after it, so a crash at any point leaves the key that opens
the stored secrets on disk; `load` finds out which of the two that is.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liftline.core.errors import BrokenError, InvalidError
from liftline.platform.secrets.envelope import KEY_BYTES, MasterKey

FILE_NAME: Final = "master.key"
ENV_KEY: Final = "LIFTLINE_MASTER_KEY"
ENV_FILE: Final = "LIFTLINE_MASTER_KEY_FILE"
_log = logging.getLogger(__name__)


class BadMasterKeyError(InvalidError):
    """That is not a master key."""

    code = "secrets.bad_master_key"
    default_cure = "give 32 random bytes in base64, such as `openssl rand -base64 32`"


class OpenMasterKeyError(BrokenError):
    """The master key file can be read by others."""

    code = "secrets.open_master_key"
    default_cure = "chmod 600 the file, and rotate the key if others could have read it"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """The master key in use, the one a rotation was leaving behind or moving to, its files."""

    current: MasterKey
    candidate: MasterKey | None
    path: Path | None


def load(directory: Path, environ: Mapping[str, str]) -> MasterKeys:
    """Find the master key; a first start without one makes `master.key` (mode 0600).

    LIFTLINE_MASTER_KEY wins over LIFTLINE_MASTER_KEY_FILE wins over the data directory.
    Raises BadMasterKeyError, OpenMasterKeyError.
    """
    if environ.get(ENV_KEY):
        return MasterKeys(current=_parse(environ[ENV_KEY]), candidate=None, path=None)
    if environ.get(ENV_FILE):
        named = Path(environ[ENV_FILE])
        return MasterKeys(current=_read(named), candidate=None, path=None)
    path = directory / FILE_NAME
    if not path.exists():
        with suppress(FileExistsError):  # another process was first: its key is the one
            write(path, os.urandom(KEY_BYTES))
    return MasterKeys(current=_read(path), candidate=_candidate(next_path(path)), path=path)


def next_path(path: Path) -> Path:
    """Where a rotation keeps the new key until the database has it."""
    return path.with_name(path.name + ".next")


def write(path: Path, key: bytes) -> None:
    """Put a key file in place with mode 0600, whole or not at all; never over an existing one.

    Raises FileExistsError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: that would silently replace a key someone else just put there.
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make a file's appearance or renaming durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _candidate(path: Path) -> MasterKey | None:
    """A rotation's new key; one that cannot be read was never in force, or no longer helps."""
    if not path.exists():
        return None
    try:
        return _read(path)
    except BadMasterKeyError as failed:
        _log.warning("%s is left alone: %s", path.name, failed)
        return None


def _read(path: Path) -> MasterKey:
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as failed:
        raise BadMasterKeyError(f"{path.name} cannot be read") from failed
    if mode & 0o077:
        raise OpenMasterKeyError(facts={"file": path.name, "mode": f"{mode & 0o777:o}"})
    return _parse(text)


def _parse(text: str) -> MasterKey:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as failed:
        raise BadMasterKeyError("the master key is not base64") from failed
    if len(key) != KEY_BYTES:
        raise BadMasterKeyError(f"the master key has {len(key)} bytes, not {KEY_BYTES}")
    return MasterKey(key)
