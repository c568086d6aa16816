"""The operator's key: how the command line speaks to the running app.

The embedded database has one owner (see `platform.state.api`), so `liftline keys` and
`liftline accounts` do not open it. At every start the app writes a fresh admin key and its
address to `run/operator.json` (mode 0600): whoever may read the data directory could
change everything in it anyway. The key is in no snapshot, lives as long as the process,
and is taken from this machine alone (loopback, or the very address the app listens on).
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from liftline.core.errors import UnavailableError
from liftline.platform.access import keytext
from liftline.platform.access.contracts import Principal

FILE_NAME: Final = "operator.json"
_KEY_ID: Final = "operator"


class NotRunningError(UnavailableError):
    """Liftline is not running on this data directory."""

    code = "access.not_running"
    default_cure = "start it with `liftline up`, or name its data directory with --data"


class OperatorFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line needs: where the app listens, and the key."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"OperatorFile(url={self.url!r}, key=***)"


class OperatorKey:
    """This process's operator key."""

    def __init__(self) -> None:
        self._text = keytext.mint("admin", _KEY_ID)
        self._digest = keytext.digest(self._text)
        self._host = "127.0.0.1"

    def write(self, run_directory: Path, url: str) -> Path:
        """Leave address and key for the command line, mode 0600, swapped in atomically."""
        self._host = urlsplit(url).hostname or self._host
        path = run_directory / FILE_NAME
        draft = path.with_name(f".{FILE_NAME}.draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(OperatorFile(url=url, key=self._text)))
        draft.replace(path)
        return path

    def principal(self, text: str, address: str) -> Principal | None:
        """The operator, if this is the key and it came from this machine."""
        is_here = _is_loopback(address) or address == self._host
        if not hmac.compare_digest(keytext.digest(text), self._digest) or not is_here:
            return None
        return Principal(
            kind="key", id=_KEY_ID, label="operator on this machine", role="admin", key_kind="admin"
        )


def read(run_directory: Path) -> OperatorFile:
    """What the running app left. Raises NotRunningError."""
    try:
        content = (run_directory / FILE_NAME).read_bytes()
        return msgspec.json.decode(content, type=OperatorFile)
    except (OSError, msgspec.DecodeError) as failed:
        raise NotRunningError(facts={"data": str(run_directory.parent)}) from failed


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
