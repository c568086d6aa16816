"""Writing one control file: an immutable version, then an atomic swap of the pointer.

A version file is one header line (name, version, length, SHA-256 of the body) and then the
body, so that each file proves itself even when the pointer is lost:

    keys-00000007.json     {"name":"keys","version":7,"size_bytes":41,"sha256":"..."}
                           {"keys":[...]}
    keys.current           keys-00000007.json
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from liftline.core.errors import BrokenError, InvalidError
from liftline.platform.control.contracts import Snapshot

VERSIONS_KEPT: Final = 5
SNAPSHOT_BYTES_MAX: Final = 32 * 1024 * 1024
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


class BadSnapshotError(InvalidError):
    """A snapshot with this name or of this size cannot be published."""

    code = "control.bad_snapshot"


class DamagedSnapshotError(BrokenError):
    """A control file does not carry what its header promises."""

    code = "control.damaged"
    default_cure = "publish it again; see docs/runbooks/control.md"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a version file."""

    name: str
    version: int
    size_bytes: int
    sha256: str


def checked_name(name: str) -> str:
    """A lower-case letter, then letters, digits and _. Raises BadSnapshotError."""
    if not _NAME.match(name):
        raise BadSnapshotError(f"{name!r} is not the name of a control file")
    return name


def pointer_path(directory: Path, name: str) -> Path:
    """The file that says which version is in force."""
    return directory / f"{name}.current"


def version_paths(directory: Path, name: str) -> list[tuple[int, Path]]:
    """Every version on disk, newest first, whole or not."""
    pattern = re.compile(rf"{re.escape(name)}-(\d+)\.json\Z")
    found = ((pattern.match(path.name), path) for path in directory.glob(f"{name}-*.json"))
    return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)


def encode(name: str, version: int, body: bytes) -> bytes:
    """The content of a version file."""
    digest = hashlib.sha256(body).hexdigest()
    header = Header(name=name, version=version, size_bytes=len(body), sha256=digest)
    return msgspec.json.encode(header) + b"\n" + body


def load(path: Path, name: str) -> Snapshot:
    """Read one version file and hold it to its header. Raises DamagedSnapshotError."""
    try:
        with path.open("rb") as file:
            content = file.read(SNAPSHOT_BYTES_MAX + 4096)
    except OSError as failed:
        raise DamagedSnapshotError(f"{path.name}: {failed.strerror}") from failed
    line, _, body = content.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as failed:
        raise DamagedSnapshotError(f"{path.name}: unreadable header") from failed
    if header.name != name or len(body) != header.size_bytes:
        raise DamagedSnapshotError(f"{path.name}: another name or length than its header")
    if hashlib.sha256(body).hexdigest() != header.sha256:
        raise DamagedSnapshotError(f"{path.name}: the body is not the one that was published")
    return Snapshot(name=name, version=header.version, body=body)


def write_version(directory: Path, name: str, body: bytes) -> int:
    """Publish the next version durably; at most VERSIONS_KEPT stay, and the one in force.

    Old ones go first: on a full disk that makes room, and attempts that fail before the
    swap do not pile up.
    """
    known = version_paths(directory, name)
    in_force = _in_force(directory, name)
    for _, old in known[VERSIONS_KEPT - 1 :]:
        if old.name != in_force:
            old.unlink(missing_ok=True)
    version = (known[0][0] if known else 0) + 1
    path = directory / f"{name}-{version:08d}.json"
    _write_durably(path, encode(name, version, body))
    _write_durably(pointer_path(directory, name), path.name.encode())
    return version


def _in_force(directory: Path, name: str) -> str:
    try:
        return pointer_path(directory, name).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _write_durably(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _fsync_directory(path.parent)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
