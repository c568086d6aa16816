"""The live keys as the door knows them: who presents one, and what it may do."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

from liftline.core.clock import Clock
from liftline.data.events.contracts import Sender
from liftline.platform.access.contracts import KeyKind, KeyRecord, KeySnapshot

SENDER_OF: Final[dict[KeyKind, Sender]] = {
    "public": "public",
    "server": "server",
    "ci": "ci",
    "admin": "system",
}
"""What a key's kind makes of its sender; nothing in a request can change it. An admin key is
the platform's own voice: the app sends its records with one."""

ANY_ORIGIN: Final = "*"
MAX_SECRET_BYTES: Final = 512


class KeyRing:
    """Looks keys up by their secret. Rebuilt from each snapshot, so a revoked key is gone."""

    def __init__(self, snapshot: KeySnapshot, *, cached: int) -> None:
        self._by_digest = {key.secret_sha256: key for key in snapshot.keys}
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
            secret = _secret(*presented)
            key = None if secret is None else self._lookup(secret)
            if key is None:
                return None
            if len(self._by_header) >= self._cached:
                self._by_header.clear()
            self._by_header[presented] = key
        return _if_live(key, clock)

    def of_secret(self, secret: str | None, clock: Clock) -> KeyRecord | None:
        """The live key with this secret, if any."""
        if not secret:
            return None
        key = self._lookup(secret.encode("utf-8", "replace"))
        return None if key is None else _if_live(key, clock)

    def knows_origin(self, origin: str) -> bool:
        """Whether some public key may be used from pages of this origin."""
        return origin in self._origins or ANY_ORIGIN in self._origins

    def _lookup(self, secret: bytes) -> KeyRecord | None:
        if len(secret) > MAX_SECRET_BYTES:
            return None
        return self._by_digest.get(hashlib.sha256(secret).hexdigest())


def may_use_from(key: KeyRecord, origin: str | None) -> bool:
    """Whether a key may be used from a page of this origin (None: the request named none)."""
    if key.kind != "public" or not key.origins or ANY_ORIGIN in key.origins:
        return True
    return origin is not None and origin in key.origins


def _if_live(key: KeyRecord, clock: Clock) -> KeyRecord | None:
    return key if key.expires_at is None or clock.now() < key.expires_at else None


def _secret(authorization: bytes | None, api_key: bytes | None) -> bytes | None:
    if authorization:
        scheme, _, rest = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            return rest.strip()
        if scheme.lower() == b"basic":
            try:
                user, _, password = b64decode(rest.strip(), validate=True).partition(b":")
            except ValueError:
                return None
            return user or password or None
    return api_key
