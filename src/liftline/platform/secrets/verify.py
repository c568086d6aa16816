"""Checking a signature against either live version, so that a rotation drops nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

from liftline.platform.secrets.contracts import SecretValue


def matches_either(live: Sequence[SecretValue], check: Callable[[bytes], bool]) -> bool:
    """Whether a check holds for any live version; all are tried, whichever fits."""
    # A list, so that the time taken does not tell which version fitted.
    verdicts = [check(value.reveal()) for value in live]
    return any(verdicts)


def hmac_sha256_matches(live: Sequence[SecretValue], body: bytes, hex_signature: str) -> bool:
    """Whether a webhook's hex HMAC-SHA-256 of its raw body fits any live version."""
    given = hex_signature.strip().lower().encode()

    def check(secret: bytes) -> bool:
        expected = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
        return hmac.compare_digest(expected, given)

    return matches_either(live, check)
