"""Passwords: argon2id (RFC 9106), and the same time spent on accounts that do not exist."""

from __future__ import annotations

import base64
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from liftline.core.errors import InvalidError, UnavailableError

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 256
CONCURRENT_MAX: Final = 2
"""Each hash takes 64 MiB and a core for some 50 ms: more at once would starve the app."""
WAITERS_MAX: Final = 4
"""Who waits holds one of the app's threads: the rest is turned away at once, not queued."""
WAIT_S: Final = 1.0
RETRY_AFTER_S: Final = 2.0


class WeakPasswordError(InvalidError):
    """That password is too short or too long."""

    code = "access.weak_password"
    default_cure = f"use {LENGTH_MIN} to {LENGTH_MAX} characters, such as four random words"


class SignInBusyError(UnavailableError):
    """Too many people are signing in at this moment."""

    code = "access.sign_in_busy"
    default_cure = "try again in some seconds"

    def __init__(self) -> None:
        super().__init__(retry_after_s=RETRY_AFTER_S)


class Passwords:
    """Hashes and checks passwords, CONCURRENT_MAX at a time; WAITERS_MAX more may wait WAIT_S."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = _Turns()
        self._decoy = _decoy(self._hasher)

    def hash(self, password: str) -> str:
        """What is stored. Raises WeakPasswordError, SignInBusyError."""
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise WeakPasswordError()
        with self._turns:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; None (no such account) costs just as much time."""
        with self._turns:
            try:
                self._hasher.verify(stored or self._decoy, password[:LENGTH_MAX])
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)


class _Turns:
    """Who may hash now, and how many may wait for it."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(CONCURRENT_MAX)
        self._places = threading.BoundedSemaphore(CONCURRENT_MAX + WAITERS_MAX)

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise SignInBusyError()
        if not self._free.acquire(timeout=WAIT_S):
            self._places.release()
            raise SignInBusyError()

    def __exit__(self, *_: object) -> None:
        self._free.release()
        self._places.release()


def _decoy(hasher: PasswordHasher) -> str:
    """A hash that no password has, as costly to check as a real one; making it costs nothing."""

    def zeros(length: int) -> str:
        return base64.b64encode(bytes(length)).decode().rstrip("=")

    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${zeros(hasher.salt_len)}${zeros(hasher.hash_len)}"
