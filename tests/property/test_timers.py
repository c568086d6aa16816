"""Goal: under any order of sets, cancels, clock jumps and dying owners no timer is lost, and
no (timer, fence) fires twice, no settled effect happens twice."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from liftline.adapters.state.postgres import PostgresStateStore
from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.core.clock import ManualClock
from liftline.platform.jobs.api import Tally, Worker, cancel, set_timer
from liftline.platform.jobs.contracts import Effect, Firing, Kind, Timer
from liftline.platform.jobs.worker import LEASE
from liftline.platform.state.contracts import Connection, StateStore
from liftline.platform.state.temporary_postgres import (
    INSTALL_LINE,
    TemporaryPostgres,
    postgres_bin,
)

KEYS = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.sampled_from([timedelta(seconds=1), LEASE / 2, LEASE, LEASE * 3])
DUE = st.sampled_from([timedelta(0), timedelta(0), -LEASE, timedelta(seconds=1), LEASE])
JUMPS = st.sampled_from([-LEASE * 5, -timedelta(seconds=1), LEASE, LEASE * 5])
MISHAPS = st.sampled_from(["none", "fail", "die", "overtaken"])
OWNERS = st.sampled_from([0, 1, 2])
MANY = 10_000
FAR = timedelta(days=1)


class OwnerDiedError(BaseException):
    """A kill in the middle of a run; no loop may catch it."""


class Timers(RuleBasedStateMachine):
    """Three owners over one table. The model is a map from key to its newest generation.

    A firing's effect notes (key, generation) in the same transaction, so it must come at
    most once per generation; at the end, with the clock far ahead, every generation that was
    not cancelled or replaced must have come.
    """

    make_store: Callable[[], StateStore]
    dismiss: Callable[[StateStore], None]
    met: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.store = type(self).make_store()
        self.generation = 0
        self.wanted: dict[str, int] = {}
        self.fired: Counter[tuple[int, int]] = Counter()
        self.settled: Counter[tuple[str, int]] = Counter()
        self.retired: set[tuple[str, int]] = set()
        self.mishap = "none"
        kind = Kind(run=self.run_firing, late="fire", attempts_max=MANY)
        self.owners = [
            Worker(self.store, self.clock, {"k": kind}, owner=f"w{n}", chance=random.Random(n))
            for n in range(3)
        ]

    def run_firing(self, firing: Firing) -> Effect:
        self.fired[firing.timer_id, firing.fence] += 1
        generation = int(firing.payload["generation"] or 0)
        mishap, self.mishap = self.mishap, "none"
        type(self).met[mishap] += 1
        if mishap == "die":
            raise OwnerDiedError
        if mishap == "fail":
            raise ValueError("failed")
        if mishap == "overtaken":
            # This owner pauses beyond its lease; another one takes over and settles first.
            self.clock.jump(LEASE * 2)
            self.owners[0].run_once()

        def effect(connection: Connection) -> None:
            connection.execute(
                text("insert into settled values (:key, :generation)"),
                {"key": firing.key, "generation": generation},
            )

        return effect

    @rule(key=KEYS, after=DUE)
    def set_one(self, key: str, after: timedelta) -> None:
        self.generation += 1
        if key in self.wanted:
            self.retired.add((key, self.wanted[key]))
        self.wanted[key] = self.generation
        payload = {"generation": self.generation}
        due_at = self.clock.now() + after
        with self.store.write() as connection:
            timer = Timer(key=key, kind="k", due_at=due_at, payload=payload)
            set_timer(connection, timer, self.clock.now())

    @rule(key=KEYS)
    def cancel_one(self, key: str) -> None:
        with self.store.write() as connection:
            cancel(connection, key)
        if key in self.wanted:
            self.retired.add((key, self.wanted.pop(key)))

    @rule(owner=OWNERS, mishap=MISHAPS)
    def work(self, owner: int, mishap: str) -> None:
        self.mishap = mishap
        with contextlib.suppress(OwnerDiedError):
            self.owners[owner].run_once(limit=2)
        self.mishap = "none"

    @rule(key=KEYS, owner=OWNERS, mishap=MISHAPS)
    def set_and_work(self, key: str, owner: int, mishap: str) -> None:
        self.set_one(key, -LEASE)
        self.work(owner, mishap)

    @rule(step=STEPS)
    def let_time_pass(self, step: timedelta) -> None:
        self.clock.advance(step)

    @rule(jump=JUMPS)
    def jump(self, jump: timedelta) -> None:
        self.clock.jump(jump)

    @invariant()
    def no_fence_fires_twice(self) -> None:
        assert [pair for pair, count in self.fired.items() if count > 1] == []

    @invariant()
    def no_effect_happens_twice(self) -> None:
        with self.store.read() as connection:
            rows = connection.execute(text("select key, generation from settled")).all()
        counted = Counter((str(key), int(generation)) for key, generation in rows)
        assert [pair for pair, count in counted.items() if count > 1] == []
        self.settled = counted

    def teardown(self) -> None:
        self.clock.jump(FAR)
        for _ in range(50):
            if self.owners[1].run_once() == Tally():
                break
        self.no_effect_happens_twice()
        wanted = set(self.wanted.items())
        type(self).dismiss(self.store)
        assert wanted - set(self.settled) == set(), "a timer was lost"
        assert set(self.settled) <= wanted | self.retired


def fresh(store: StateStore) -> StateStore:
    with store.write() as connection:
        connection.execute(text("create table settled (key text, generation integer)"))
    return store


def machine(make: Callable[[], StateStore], dismiss: Callable[[StateStore], None]) -> type[Timers]:
    fields = {"make_store": staticmethod(make), "dismiss": staticmethod(dismiss), "met": Counter()}
    return type("BoundTimers", (Timers,), fields)


def met_enough(bound: type[Timers], least: int) -> bool:
    """Whether the run really fired timers, and met each mishap while firing one."""
    return all(bound.met[mishap] >= least for mishap in ("none", "fail", "die", "overtaken"))


def bounded(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )


@pytest.fixture
def sqlite_machine(tmp_path: Path) -> type[Timers]:
    template = tmp_path / "template.db"
    store = SqliteStateStore(template)
    store.migrate()
    fresh(store).close()

    def make() -> StateStore:
        path = Path(tempfile.mkdtemp(dir=tmp_path)) / "liftline.db"
        shutil.copyfile(template, path)
        return SqliteStateStore(path)

    return machine(make, lambda store: store.close())


def test_timers_on_sqlite(sqlite_machine: type[Timers]) -> None:
    run_state_machine_as_test(sqlite_machine, settings=bounded(25, 30))
    assert met_enough(sqlite_machine, 5)


@pytest.mark.slow
def test_timers_on_postgresql() -> None:
    programs = postgres_bin()
    if programs is None:
        pytest.skip(INSTALL_LINE)
    server = TemporaryPostgres(programs)
    numbers = iter(range(MANY))

    def make() -> StateStore:
        name = f"m{next(numbers)}"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"create database {name} template ready")  # type: ignore[call-overload]
        return PostgresStateStore(server.url(name))

    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create database ready")
        store = PostgresStateStore(server.url("ready"))
        store.migrate()
        fresh(store).close()
        bound = machine(make, lambda store: store.close())
        run_state_machine_as_test(bound, settings=bounded(8, 25))
        assert met_enough(bound, 2)
    finally:
        server.stop()


def test_canary_without_the_fence_an_effect_happens_twice(
    sqlite_machine: type[Timers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine must notice when completion ignores the fence."""
    from liftline.platform.jobs.store import timers

    def complete_anyway(connection: Connection, claimed: timers.Claimed, _next: object) -> None:
        timers.cancel(connection, claimed.firing.key)

    monkeypatch.setattr(timers, "complete", complete_anyway)
    run = sqlite_machine()
    run.set_and_work("a", 1, "overtaken")
    with pytest.raises(AssertionError):
        run.no_effect_happens_twice()
    run.store.close()


def test_canary_a_lost_timer_is_noticed(
    sqlite_machine: type[Timers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine must notice when a failed firing is forgotten."""
    from liftline.platform.jobs.store import timers

    def forget(connection: Connection, firing: Firing, _at: object, _error: str) -> None:
        timers.cancel(connection, firing.key)

    monkeypatch.setattr(timers, "retry", forget)
    run = sqlite_machine()
    run.set_and_work("a", 1, "fail")
    with pytest.raises(AssertionError, match="lost"):
        run.teardown()
