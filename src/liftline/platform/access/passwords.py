"""Passwords: argon2id (RFC 9106), and the same time spent on accounts that do not exist."""

from __future__ import annotations

import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from liftline.core.errors import InvalidError, UnavailableError

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 256
CONCURRENT_MAX: Final = 2
"""Each hash takes 64 MiB and a core for some 50 ms: more at once would starve the app."""
WAIT_S: Final = 5.0


class WeakPasswordError(InvalidError):
    """That password is too short or too long."""

    code = "access.weak_password"
    default_cure = f"use {LENGTH_MIN} to {LENGTH_MAX} characters, such as four random words"


class SignInBusyError(UnavailableError):
    """Too many people are signing in at this moment."""

    code = "access.sign_in_busy"


class Passwords:
    """Hashes and checks passwords, at most CONCURRENT_MAX at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(CONCURRENT_MAX)
        self._decoy = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        """What is stored. Raises WeakPasswordError, SignInBusyError."""
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise WeakPasswordError()
        with _Turn(self._turns):
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; None (no such account) costs just as much time."""
        with _Turn(self._turns):
            try:
                self._hasher.verify(stored or self._decoy, password[:LENGTH_MAX])
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)


class _Turn:
    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        if not self._turns.acquire(timeout=WAIT_S):
            raise SignInBusyError()

    def __exit__(self, *_: object) -> None:
        self._turns.release()
