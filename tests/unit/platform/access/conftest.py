"""Goal: access tests get a wired Access with cheap password hashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from liftline.core.clock import ManualClock
from liftline.platform.access.api import Access, Passwords
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.state.contracts import StateStore

BASE_URL = "http://127.0.0.1:8400"


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def access(store: StateStore, clock: ManualClock, tmp_path: Path, passwords: Passwords) -> Access:
    made = Access(
        store, SnapshotPublisher(tmp_path / "control"), clock, BASE_URL, passwords=passwords
    )
    made.keys.publish()
    return made
