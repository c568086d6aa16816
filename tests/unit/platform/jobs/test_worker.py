"""Goal: a due timer runs, is settled by its fence, retried, buried, and late by its policy."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import text

from liftline.core.clock import ManualClock
from liftline.platform.jobs.api import (
    BadTimerError,
    Tally,
    Worker,
    cancel,
    dead_letters,
    keep_recurrences,
    recur,
    recurrence_key,
    requeue,
    set_timer,
)
from liftline.platform.jobs.contracts import Effect, Firing, Kind, Recurrence, Timer
from liftline.platform.jobs.worker import LEASE, OVERDUE_S, WAITING
from liftline.platform.state.contracts import Connection, StateStore

MINUTE = timedelta(minutes=1)
Run = Callable[[Firing], Effect | None]


class Diary:
    """A run that writes down its firings, and does what it is told to."""

    def __init__(self, then: Run | None = None) -> None:
        self.firings: list[Firing] = []
        self.then = then

    def __call__(self, firing: Firing) -> Effect | None:
        self.firings.append(firing)
        return self.then(firing) if self.then else None


def boom(_firing: Firing) -> None:
    raise ValueError("no such host")


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def set_at(store: StateStore, clock: ManualClock) -> Callable[..., None]:
    def set_it(key: str, after: timedelta = timedelta(), kind: str = "nudge") -> None:
        timer = Timer(key=key, kind=kind, due_at=clock.now() + after, payload={"n": 1})
        with store.write() as connection:
            set_timer(connection, timer, clock.now())

    return set_it


def worker_of(store: StateStore, clock: ManualClock, kind: Kind, name: str = "nudge") -> Worker:
    return Worker(store, clock, {name: kind}, chance=random.Random(1))


def rows(store: StateStore) -> int:
    with store.read() as connection:
        return int(connection.execute(text("select count(*) from timers")).scalar_one())


def test_a_timer_runs_once_when_it_is_due(
    store: StateStore, clock: ManualClock, diary: Diary, set_at: Callable[..., None]
) -> None:
    set_at("a", MINUTE)
    worker = worker_of(store, clock, Kind(run=diary))
    assert worker.run_once() == Tally()
    clock.advance(MINUTE)
    assert worker.run_once() == Tally(done=1)
    assert worker.run_once() == Tally()
    [firing] = diary.firings
    assert (firing.key, firing.payload, firing.attempt, firing.fence) == ("a", {"n": 1}, 1, 1)
    assert rows(store) == 0


def test_setting_again_moves_and_cancelling_forgets(
    store: StateStore, clock: ManualClock, diary: Diary, set_at: Callable[..., None]
) -> None:
    worker = worker_of(store, clock, Kind(run=diary))
    set_at("a")
    set_at("a", 5 * MINUTE)
    set_at("b")
    with store.write() as connection:
        assert cancel(connection, "b") is True
        assert cancel(connection, "b") is False
    assert worker.run_once() == Tally()
    clock.advance(5 * MINUTE)
    assert worker.run_once() == Tally(done=1)


def test_what_happens_during_a_run_wins_over_its_settling(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    def act_meanwhile(firing: Firing) -> None:
        if firing.key == "moved":
            set_at("moved", MINUTE)
        else:
            with store.write() as connection:
                cancel(connection, firing.key)

    worker = worker_of(store, clock, Kind(run=act_meanwhile))
    set_at("moved")
    set_at("cancelled")
    assert worker.run_once() == Tally(stale=2)
    assert rows(store) == 1
    diary = Diary()
    clock.advance(MINUTE)
    assert worker_of(store, clock, Kind(run=diary)).run_once() == Tally(done=1)
    assert diary.firings[0].fence > 1


def test_a_dead_owner_s_timer_comes_again_with_a_higher_fence(
    store: StateStore, clock: ManualClock, diary: Diary, set_at: Callable[..., None]
) -> None:
    def die(_firing: Firing) -> None:
        raise KeyboardInterrupt  # what no loop catches, as a kill would not be

    set_at("a")
    with pytest.raises(KeyboardInterrupt):
        worker_of(store, clock, Kind(run=die)).run_once()
    worker = worker_of(store, clock, Kind(run=diary))
    assert worker.run_once() == Tally()
    clock.advance(LEASE)
    assert worker.run_once() == Tally(done=1)
    assert (diary.firings[0].fence, diary.firings[0].attempt) == (2, 2)


def test_a_stale_owner_changes_nothing_not_even_by_its_effect(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    effects: list[int] = []
    second = worker_of(store, clock, Kind(run=lambda f: lambda _c: effects.append(f.fence)))

    def pause(firing: Firing) -> Effect:
        clock.jump(LEASE * 2)
        assert second.run_once() == Tally(done=1)
        return lambda _connection: effects.append(firing.fence)

    set_at("a")
    assert worker_of(store, clock, Kind(run=pause)).run_once() == Tally(stale=1)
    assert effects == [2]


def test_an_effect_and_the_completion_are_one(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    def chain(firing: Firing) -> Effect:
        def effect(connection: Connection) -> None:
            following = Timer(key="next", kind="other", due_at=clock.now())
            set_timer(connection, following, clock.now())
            if firing.key == "bad":
                raise ValueError("the effect failed")

        return effect

    set_at("bad")
    worker = worker_of(store, clock, Kind(run=chain))
    assert worker.run_once() == Tally(retried=1)
    assert rows(store) == 1
    set_at("good")
    assert worker.run_once() == Tally(done=1)
    assert rows(store) == 2


def test_failures_wait_longer_and_end_as_a_dead_letter(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    kind = Kind(run=boom, attempts_max=3, backoff_first=MINUTE, backoff_max=timedelta(hours=1))
    worker = worker_of(store, clock, kind)
    set_at("a")
    assert worker.run_once() == Tally(retried=1)
    clock.advance(MINUTE / 2 - timedelta(seconds=1))
    assert worker.run_once() == Tally()
    clock.advance(MINUTE)
    assert worker.run_once() == Tally(retried=1)
    clock.advance(2 * MINUTE)
    assert worker.run_once() == Tally(dead=1)
    worker.observe()
    assert WAITING.labels(state="dead")._value.get() == 1
    with store.write() as connection:
        [letter] = dead_letters(connection)
        assert (letter.attempts, letter.last_error) == (3, "ValueError: no such host")
        assert requeue(connection, letter.id, clock.now()) is True
        assert requeue(connection, letter.id, clock.now()) is False
    assert worker.run_once() == Tally(retried=1)


def test_a_timer_that_kills_its_owner_every_time_is_buried(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    def die(_firing: Firing) -> None:
        raise KeyboardInterrupt

    worker = worker_of(store, clock, Kind(run=die, attempts_max=2))
    set_at("a")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            worker.run_once()
        clock.advance(LEASE)
    assert worker.run_once() == Tally(dead=1)


def test_one_failure_spoils_only_itself(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    for number in range(5):
        set_at(f"t{number}")
    worker = worker_of(store, clock, Kind(run=lambda f: boom(f) if f.key == "t2" else None))
    assert worker.run_once() == Tally(done=4, retried=1)


def test_a_kind_that_nobody_knows_waits_and_is_seen(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    set_at("a", kind="unknown")
    clock.advance(5 * MINUTE)
    worker = worker_of(store, clock, Kind(run=boom))
    assert worker.run_once() == Tally()
    worker.observe()
    assert WAITING.labels(state="unknown")._value.get() == 1.0
    assert OVERDUE_S._value.get() == 0.0, "late is what somebody could have run"


def test_a_slow_batch_gives_the_rest_back(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    diary = Diary(lambda _firing: clock.advance(LEASE / 4))
    for number in range(4):
        set_at(f"t{number}")
    worker = worker_of(store, clock, Kind(run=diary))
    assert worker.run_once() == Tally(done=2, released=2)
    assert worker.run_once() == Tally(done=2)
    assert {firing.attempt for firing in diary.firings} == {1}


@pytest.mark.parametrize(
    ("late", "expected"), [("fire", "done"), ("coalesce", "done"), ("skip", "skipped")]
)
def test_a_one_shot_that_is_too_late(
    late: str, expected: str, store: StateStore, clock: ManualClock, diary: Diary,
    set_at: Callable[..., None],
) -> None:  # fmt: skip
    set_at("a")
    clock.advance(timedelta(hours=6))
    kind = Kind(run=diary, late=late, lateness_bound=MINUTE)  # type: ignore[arg-type]
    assert worker_of(store, clock, kind).run_once() == Tally(**{expected: 1})
    assert len(diary.firings) == (1 if expected == "done" else 0)
    assert rows(store) == 0


@pytest.mark.parametrize(("late", "runs"), [("fire", 6), ("coalesce", 1), ("skip", 0)])
def test_an_outage_of_six_hourly_occurrences(
    late: str, runs: int, store: StateStore, clock: ManualClock, diary: Diary
) -> None:
    kind = Kind(run=diary, late=late, lateness_bound=MINUTE)  # type: ignore[arg-type]
    worker = worker_of(store, clock, kind)
    hourly = Recurrence(name="digest", kind="nudge", cron="0 * * * *", zone="UTC")
    with store.write() as connection:
        recur(connection, hourly, clock.now())
    clock.advance(timedelta(hours=6, minutes=10))
    for _ in range(20):
        if not worker.run_once().claimed:
            break
    assert len(diary.firings) == runs
    clock.advance(timedelta(minutes=50))
    assert worker.run_once() == Tally(done=1)
    assert diary.firings[-1].late_by == timedelta()


def test_a_known_recurrence_keeps_its_next_occurrence(
    store: StateStore, clock: ManualClock, diary: Diary
) -> None:
    hourly = Recurrence(name="digest", kind="nudge", cron="0 * * * *", zone="UTC")
    with store.write() as connection:
        recur(connection, hourly, clock.now())
    clock.advance(timedelta(hours=3))
    with store.write() as connection:
        recur(connection, hourly, clock.now())
    worker = worker_of(store, clock, Kind(run=diary))
    assert worker.run_once() == Tally(done=1)
    assert diary.firings[0].late_by == timedelta(hours=2)
    daily = Recurrence(name="digest", kind="nudge", cron="0 7 * * *", zone="UTC")
    with store.write() as connection:
        recur(connection, daily, clock.now())
    clock.advance(timedelta(hours=3))
    assert worker.run_once() == Tally()


MINUTELY = Recurrence(name="beat", kind="beat", cron="* * * * *", zone="UTC")
YEARS = timedelta(days=5 * 365)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_clock_that_was_ahead_holds_no_recurrence_up(
    store: StateStore, clock: ManualClock, diary: Diary, is_killed: bool
) -> None:
    def die(_firing: Firing) -> None:
        raise KeyboardInterrupt

    with store.write() as connection:
        recur(connection, MINUTELY, clock.now())
    clock.jump(YEARS)
    ahead = worker_of(store, clock, Kind(run=die if is_killed else diary), "beat")
    with pytest.raises(KeyboardInterrupt) if is_killed else nullcontext():
        ahead.run_once()
    clock.jump(-YEARS)
    with store.write() as connection:
        recur(connection, MINUTELY, clock.now())
    diary.firings.clear()
    worker = worker_of(store, clock, Kind(run=diary), "beat")
    for _ in range(10):
        clock.advance(MINUTE)
        worker.run_once()
    assert len(diary.firings) >= 5
    assert all(firing.late_by < MINUTE * 6 for firing in diary.firings)


def test_making_known_again_takes_no_lease_away(store: StateStore, clock: ManualClock) -> None:
    def start_again(_firing: Firing) -> None:
        with store.write() as connection:
            recur(connection, MINUTELY, clock.now())

    with store.write() as connection:
        recur(connection, MINUTELY, clock.now())
    clock.advance(MINUTE)
    worker = worker_of(store, clock, Kind(run=start_again), "beat")
    assert worker.run_once() == Tally(done=1)


def test_a_recurrence_whose_job_is_gone_is_forgotten_and_costs_no_writes(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    gone = Recurrence(name="old", kind="old", cron="* * * * *", zone="UTC")
    with store.write() as connection:
        recur(connection, MINUTELY, clock.now())
        recur(connection, gone, clock.now())
    set_at("one-shot", MINUTE)
    clock.advance(MINUTE)
    with store.write() as connection:
        assert keep_recurrences(connection, ["beat"]) == (recurrence_key("old"),)
        assert keep_recurrences(connection, ["beat"]) == ()
    assert rows(store) == 2


def test_a_recurrence_survives_its_dead_letters(store: StateStore, clock: ManualClock) -> None:
    worker = worker_of(store, clock, Kind(run=boom, attempts_max=1))
    hourly = Recurrence(name="digest", kind="nudge", cron="0 * * * *", zone="UTC")
    with store.write() as connection:
        recur(connection, hourly, clock.now())
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        assert worker.run_once() == Tally(dead=1)
    with store.write() as connection:
        assert len(dead_letters(connection)) == 3
        assert cancel(connection, recurrence_key("digest")) is True


@pytest.mark.parametrize(
    "timer_fields", [{"key": ""}, {"key": "k" * 201}, {"payload": {"x": "y" * 20_000}}]
)
def test_a_timer_that_cannot_be_kept_is_refused(
    timer_fields: dict[str, object], store: StateStore, clock: ManualClock
) -> None:
    timer = Timer(**({"key": "a", "kind": "nudge", "due_at": clock.now()} | timer_fields))  # type: ignore[arg-type]

    def keep() -> None:
        with store.write() as connection:
            set_timer(connection, timer, clock.now())

    with pytest.raises(BadTimerError):
        keep()


def test_two_workers_never_share_a_claim(
    store: StateStore, clock: ManualClock, set_at: Callable[..., None]
) -> None:
    for number in range(20):
        set_at(f"t{number:02}")
    first, second = Diary(), Diary()
    one = worker_of(store, clock, Kind(run=first))
    two = worker_of(store, clock, Kind(run=second))
    assert one.run_once(limit=12) == Tally(done=12)
    assert two.run_once() == Tally(done=8)
    keys = [firing.key for firing in (*first.firings, *second.firings)]
    assert sorted(keys) == [f"t{number:02}" for number in range(20)]
