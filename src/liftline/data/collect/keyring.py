"""The live keys as the door asks for them: by the headers of a request, with a memory."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Final

from liftline.core.clock import Clock
from liftline.data.events.contracts import Sender
from liftline.platform.access.contracts import KeyKind, KeyRecord, KeyRing, KeySnapshot

SENDER_OF: Final[dict[KeyKind, Sender]] = {
    "public": "public",
    "server": "server",
    "ci": "ci",
    "admin": "system",
}
"""What a key's kind makes of its sender; nothing in a request can change it. An admin key is
the platform's own voice: the app sends its records with one."""

ANY_ORIGIN: Final = "*"


class DoorKeys:
    """Access's key ring behind what HTTP brings. Rebuilt from each snapshot: a revoked key is
    gone. Headers repeat, so the last answers are kept: a look-up costs a hash otherwise."""

    def __init__(self, snapshot: KeySnapshot, *, cached: int) -> None:
        self._ring = KeyRing(snapshot)
        self._origins = frozenset(
            origin
            for key in snapshot.keys
            if key.kind == "public"
            for origin in key.origins or (ANY_ORIGIN,)
        )
        self._cached = cached
        self._by_header: dict[tuple[bytes | None, bytes | None], KeyRecord] = {}

    def of_headers(self, headers: Mapping[bytes, bytes], clock: Clock) -> KeyRecord | None:
        """The live key that the request's headers present, if any."""
        presented = (headers.get(b"authorization"), headers.get(b"x-api-key"))
        key = self._by_header.get(presented)
        if key is None:
            text = _key_text(*presented)
            key = None if text is None else self._ring.find(text, clock.now())
            if key is None:
                return None
            if len(self._by_header) >= self._cached:
                self._by_header.clear()
            self._by_header[presented] = key
        return _if_live(key, clock)

    def of_secret(self, secret: str | None, clock: Clock) -> KeyRecord | None:
        """The live key with this secret, if any."""
        return self._ring.find(secret, clock.now()) if secret else None

    def knows_origin(self, origin: str) -> bool:
        """Whether some public key may be used from pages of this origin."""
        return origin in self._origins or ANY_ORIGIN in self._origins


def may_use_from(key: KeyRecord, origin: str | None) -> bool:
    """Whether a key may be used from a page of this origin (None: the request named none)."""
    if key.kind != "public" or not key.origins or ANY_ORIGIN in key.origins:
        return True
    return origin is not None and origin in key.origins


def _if_live(key: KeyRecord, clock: Clock) -> KeyRecord | None:
    return key if key.expires_at is None or clock.now() < key.expires_at else None


def _key_text(authorization: bytes | None, api_key: bytes | None) -> str | None:
    presented = api_key
    if authorization:
        scheme, _, rest = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            presented = rest.strip()
        if scheme.lower() == b"basic":
            try:
                user, _, password = b64decode(rest.strip(), validate=True).partition(b":")
            except ValueError:
                return None
            presented = user or password
    return presented.decode("latin-1") if presented else None
