"""A client whose batches hold everything that exactly-once must survive, and a clock that jumps."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulation.flaky_proxy import AckedClient

AT = "2026-11-20T10:00:00Z"
LATER = "2026-11-20T10:00:01Z"
PEOPLE = 40
"""So few that the business key of user_activated repeats often."""

ATTEMPTS_MAX = 6_000
"""With the pause between two attempts, two minutes without an answer end a batch."""

TURN_WAIT_S = 0.1

JUMPING_CLOCK = '''
"""Imported by Python itself at start: moves the wall clock by what a file says."""

import datetime, os, pathlib
from liftline.core.clock import SystemClock

_now, _file = SystemClock.now, pathlib.Path(os.environ["SPINE_CLOCK_OFFSET"])
SystemClock.now = lambda self: _now(self) + datetime.timedelta(seconds=float(_file.read_text()))
'''


@dataclass
class SpineClient:
    """Sends seeded batches until each is acknowledged, and knows what must become of them.

    `stored` has the event that a message id stands for: the first body sent under it, for a
    second one goes out only after the first was acknowledged. `refused` are the ids of
    events that the plan rejects, `conflicts` those that were sent with two bodies.
    """

    name: str
    port: Callable[[], int]
    key: str
    seed: int
    batch_events: int = 6
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    conflicts: set[str] = field(default_factory=set)
    acked: set[str] = field(default_factory=set)
    positions: list[str] = field(default_factory=list)
    batches: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._numbers = iter(range(1 << 30))
        self._turns = threading.Semaphore(0)
        self._wire = AckedClient(
            self.port, self.key, _unused, self.seed, attempts=ATTEMPTS_MAX
        )  # fmt: skip

    def run(self, is_stopping: threading.Event) -> None:
        """Send what was granted until told to stop; the batch in hand is still acknowledged."""
        while not is_stopping.is_set():
            if self._turns.acquire(timeout=TURN_WAIT_S):
                self.send_one()

    def grant(self, batches: int) -> None:
        """Let that many more batches be sent: a run is as long as its faults are many."""
        self._turns.release(batches)

    def send_one(self) -> None:
        """One batch. Raises AssertionError when nobody acknowledges it."""
        known = sorted(self.acked)
        events = [self._event(known) for _ in range(self.batch_events)]
        before = len(self._wire.positions)
        ids = [str(event["message_id"]) for event in events]
        self._wire._send_until_acked(ids, json.dumps({"events": events}).encode(), _NEVER)
        assert len(self._wire.positions) == before + 1, (
            f"{self.name}: not acknowledged; answers by status: {self._wire.answers}"
        )
        self.acked |= self._wire.acked
        self.positions = self._wire.positions
        self.batches += 1

    def _event(self, known: list[str]) -> dict[str, Any]:
        chance = self._chance.random()
        if chance < 0.15 and known:
            return self.stored[self._chance.choice(known)]
        if chance < 0.20 and known:
            original = self.stored[self._chance.choice(known)]
            self.conflicts.add(original["message_id"])
            return {**original, "timestamp": LATER}
        message_id = f"{self.name}-{next(self._numbers)}"
        user = f"u-{self._chance.randrange(PEOPLE)}"
        event = {"message_id": message_id, "user_id": user, "timestamp": AT}
        if chance < 0.28:
            self.refused.add(message_id)
            return {**event, "event": "onboarding_step_started", "properties": {"step_id": 7}}
        if chance < 0.5:
            made = {**event, "event": "user_activated", "properties": {"user_id": user}}
        else:
            properties = {"user_id": user, "step_id": "connect_source", "ts": AT}
            made = {**event, "event": "onboarding_step_started", "properties": properties}
        self.stored[message_id] = made
        return made


class JumpingClock:
    """Moves the wall clock of every process started with `settings`, as an operator would."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        (directory / "sitecustomize.py").write_text(JUMPING_CLOCK)
        self._file = directory / "offset"
        self._file.write_text("0")
        path = os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))
        self.settings = {"PYTHONPATH": path, "SPINE_CLOCK_OFFSET": str(self._file)}

    def jump(self, by: timedelta) -> None:
        """From now on the processes' wall clock is `by` away from the machine's."""
        draft = self._file.with_suffix(".new")
        draft.write_text(str(by.total_seconds()))
        draft.replace(self._file)


def as_instant(value: object) -> datetime:
    """An instant of the warehouse or of a record, naive in UTC, to be compared."""
    assert isinstance(value, datetime)
    return value.replace(tzinfo=None)


def _unused(_chance: random.Random, _message_id: str) -> dict[str, Any]:
    raise AssertionError("SpineClient makes its own events")


_NEVER = threading.Event()
