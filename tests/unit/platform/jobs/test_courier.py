"""Goal: a message leaves exactly when its cause was committed, until it arrives."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from liftline.core.clock import ManualClock
from liftline.core.errors import InvalidError, UnavailableError
from liftline.platform.jobs.api import (
    Courier,
    IdempotencyConflictError,
    MessageTooLargeError,
    dead_messages,
    put,
    requeue_message,
    waiting_messages,
)
from liftline.platform.jobs.contracts import Message
from liftline.platform.jobs.courier import ATTEMPTS_MAX, LEASE, OUTBOX_KEPT, PENDING
from liftline.platform.jobs.store import outbox
from liftline.platform.state.contracts import StateStore

MESSAGE = Message(idempotency_key="m1", destination="collector", body=b"\x00body")


class Door:
    """Takes messages, or fails as it is told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.taken: list[Message] = []
        self.error = error
        self.calls = 0

    def __call__(self, message: Message) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error
        self.taken.append(message)


def leave(store: StateStore, clock: ManualClock, message: Message = MESSAGE) -> bool:
    with store.write() as connection:
        return put(connection, message, clock.now())


def courier_of(store: StateStore, clock: ManualClock, door: Door) -> Courier:
    return Courier(store, clock, door, chance=random.Random(1))


def states(store: StateStore) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(text("select state from outbox order by id")).scalars())


def test_a_message_arrives_once_and_in_order(store: StateStore, clock: ManualClock) -> None:
    door = Door()
    for number in range(3):
        leave(store, clock, replace(MESSAGE, idempotency_key=f"m{number}"))
    courier = courier_of(store, clock, door)
    assert [courier.run_once(), courier.run_once()] == [3, 0]
    assert [message.idempotency_key for message in door.taken] == ["m0", "m1", "m2"]
    assert door.taken[0].body == b"\x00body"


def test_what_is_rolled_back_is_never_sent(store: StateStore, clock: ManualClock) -> None:
    def fail() -> None:
        with store.write() as connection:
            put(connection, MESSAGE, clock.now())
            raise KeyError("the cause failed")

    with pytest.raises(KeyError):
        fail()
    assert courier_of(store, clock, Door()).run_once() == 0


def test_the_same_key_is_the_same_message(store: StateStore, clock: ManualClock) -> None:
    assert [leave(store, clock), leave(store, clock)] == [True, False]
    door = Door()
    courier_of(store, clock, door).run_once()
    assert leave(store, clock) is False
    assert len(door.taken) == 1
    with pytest.raises(IdempotencyConflictError):
        leave(store, clock, replace(MESSAGE, body=b"other"))


def test_an_absent_receiver_is_tried_again_later(store: StateStore, clock: ManualClock) -> None:
    leave(store, clock)
    door = Door(UnavailableError("away"))
    courier = courier_of(store, clock, door)
    assert [courier.run_once(), courier.run_once()] == [1, 0]
    courier.observe()
    assert PENDING._value.get() == 1
    door.error = None
    clock.advance(timedelta(seconds=1))
    assert courier.run_once() == 1
    assert (len(door.taken), states(store)) == (1, ["delivered"])


def test_a_refused_message_is_dead_at_once(store: StateStore, clock: ManualClock) -> None:
    leave(store, clock)
    door = Door(InvalidError("never"))
    courier_of(store, clock, door).run_once()
    assert (door.calls, states(store)) == (1, ["dead"])


def test_attempts_are_bounded(store: StateStore, clock: ManualClock) -> None:
    leave(store, clock)
    door = Door(ValueError("odd"))
    courier = courier_of(store, clock, door)
    for _ in range(ATTEMPTS_MAX + 5):
        courier.run_once()
        clock.advance(timedelta(minutes=10))
    assert (door.calls, states(store)) == (ATTEMPTS_MAX, ["dead"])


def test_a_crash_after_the_delivery_delivers_again(store: StateStore, clock: ManualClock) -> None:
    leave(store, clock)
    with pytest.raises(KeyboardInterrupt):
        courier_of(store, clock, Door(KeyboardInterrupt())).run_once()
    door = Door()
    assert courier_of(store, clock, door).run_once() == 0
    clock.advance(LEASE)
    assert courier_of(store, clock, door).run_once() == 1
    assert door.taken == [MESSAGE]


def test_delivered_messages_are_forgotten_in_the_end(store: StateStore, clock: ManualClock) -> None:
    leave(store, clock)
    courier = courier_of(store, clock, Door())
    courier.run_once()
    assert courier.purge() == 0
    clock.advance(OUTBOX_KEPT + timedelta(seconds=1))
    assert courier.purge() == 1
    assert states(store) == []


def test_a_message_over_the_bound_is_refused(store: StateStore, clock: ManualClock) -> None:
    with pytest.raises(MessageTooLargeError):
        leave(store, clock, replace(MESSAGE, body=b"x" * (1024 * 1024 + 1)))


def test_dead_letters_are_bounded_and_the_newest_stay(
    store: StateStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "DEAD_MAX", 2)
    refusing = courier_of(store, clock, Door(InvalidError("no")))
    for number in range(4):
        leave(store, clock, replace(MESSAGE, idempotency_key=f"k{number}"))
    refusing.run_once()
    refusing.purge()
    with store.write() as connection:
        dead = dead_messages(connection)
        assert [letter.key for letter in dead] == ["k3", "k2"]
        assert requeue_message(connection, dead[0].id, clock.now()) is True
        assert requeue_message(connection, dead[0].id, clock.now()) is False
        assert [one.key for one in waiting_messages(connection)] == ["k3"]
