"""How a key is written: `llk_<kind>_<id>_<secret><crc>`.

The secret is 32 random bytes in base62 (43 characters), the CRC-32 of everything before it
six more: a mistyped or cut key is refused without a look at any table, and a secret
scanner can tell a real key from a look-alike. The pattern for scanners:

    llk_(public|server|ci|admin)_[0-9A-Za-z]{1,32}_[0-9A-Za-z]{49}
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from typing import Final, NamedTuple

PREFIX: Final = "llk"
SECRET_BYTES: Final = 32
_SECRET_CHARS: Final = 43
_CRC_CHARS: Final = 6
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY: Final = re.compile(
    r"llk_(public|server|ci|admin)_([0-9A-Za-z]{1,32})_[0-9A-Za-z]{43}([0-9A-Za-z]{6})\Z",
    re.ASCII,
)


class KeyText(NamedTuple):
    """A key's text that is whole: right shape, right checksum. It proves nothing else."""

    kind: str
    key_id: str
    secret_sha256: str


def mint(kind: str, key_id: str) -> str:
    """A fresh key; the only moment at which its text exists here."""
    body = f"{PREFIX}_{kind}_{key_id}_{random_text(SECRET_BYTES)}"
    return body + _crc(body)


def parse(text: str) -> KeyText | None:
    """Take a key's text apart; None unless its shape and checksum are right."""
    match = _KEY.match(text)
    if match is None or _crc(text[:-_CRC_CHARS]) != match[3]:
        return None
    return KeyText(match[1], match[2], digest(text))


def digest(text: str) -> str:
    """What is stored of a key or token: SHA-256 of the whole text, in hex.

    Text with 256 random bits needs no slow hash.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def random_text(size_bytes: int) -> str:
    """That many random bytes in base62, of fixed length."""
    length = -(-size_bytes * 8 * 1000 // 5954)  # log2(62) = 5.954
    return _base62(int.from_bytes(os.urandom(size_bytes), "big"), length)


def random_id() -> str:
    """Twelve characters that name a key in lists and logs."""
    return _base62(int.from_bytes(os.urandom(9), "big") % 62**12, 12)


def _crc(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CRC_CHARS)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
