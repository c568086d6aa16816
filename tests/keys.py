"""Keys that look real and are the same in every process of a test."""

from __future__ import annotations

from liftline.platform.access import keytext


def key_text(kind: str, key_id: str) -> str:
    """A well-formed key with a secret of zeros."""
    body = f"{keytext.PREFIX}_{kind}_{key_id}_{'0' * 43}"
    return body + keytext._crc(body)


def key_sha256(kind: str, key_id: str) -> str:
    """What a snapshot holds of it."""
    return keytext.digest(key_text(kind, key_id))
