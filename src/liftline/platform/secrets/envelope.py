"""Envelope encryption: each version has its own key, wrapped by the master key.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces, each data key used once. The name
and version are authenticated with both layers, so a row cannot be passed off as another.
Rotating the master key rewraps 60 bytes per version and never touches the values.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from liftline.core.errors import BrokenError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SealBrokenError(BrokenError):
    """A stored secret does not open with this master key, or was changed."""

    code = "secrets.seal_broken"
    default_cure = "start with the master key it was sealed with; see docs/runbooks/secrets.md"


class MasterKey:
    """The key that wraps all others. `id` names it without telling it."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SealBrokenError(f"a master key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self.id = hashlib.sha256(b"liftline master key id\0" + key).hexdigest()[:16]

    def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """A data key, sealed."""
        return _seal(self._key, data_key, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """The data key again. Raises SealBrokenError."""
        return _open(self._key, wrapped, bound_to)

    def __repr__(self) -> str:
        return f"MasterKey({self.id}, ***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What is stored of one version."""

    master_id: str
    wrapped_key: bytes
    ciphertext: bytes


def seal(master: MasterKey, name: str, version: int, value: bytes) -> Sealed:
    """Encrypt one version under a fresh data key."""
    data_key = os.urandom(KEY_BYTES)
    bound_to = _binding(name, version)
    return Sealed(
        master_id=master.id,
        wrapped_key=master.wrap(data_key, bound_to),
        ciphertext=_seal(data_key, value, bound_to),
    )


def unseal(master: MasterKey, name: str, version: int, sealed: Sealed) -> bytes:
    """The value again. Raises SealBrokenError."""
    bound_to = _binding(name, version)
    return _open(master.unwrap(sealed.wrapped_key, bound_to), sealed.ciphertext, bound_to)


def rewrap(old: MasterKey, new: MasterKey, name: str, version: int, wrapped: bytes) -> bytes:
    """The same data key under another master key."""
    bound_to = _binding(name, version)
    return new.wrap(old.unwrap(wrapped, bound_to), bound_to)


def _binding(name: str, version: int) -> bytes:
    return f"liftline secret\0{name}\0{version}".encode()


def _seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as failed:
        raise SealBrokenError() from failed
