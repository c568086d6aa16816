"""What every StateStore must do, as a suite that an adapter's tests subclass.

class TestMine(StateStoreContract):
    @pytest.fixture
    def store(self): ...   # a migrated store with busy_timeout_s of at most 0.3
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from sqlalchemy import Column, Integer, MetaData, Table, func, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError, StatementError

from liftline.core.errors import UnavailableError
from liftline.platform.state.api import METADATA, UtcMicros
from liftline.platform.state.contracts import StateStore

_SCRATCH: Final = Table(
    "conformance_scratch",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer),
    Column("at", UtcMicros),
)
THREADS: Final = 4
ROUNDS: Final = 25
WAIT_S: Final = 30.0


class StateStoreContract:
    """Durability point, isolation, exclusion, instants, migration."""

    def test_a_normal_exit_commits(self, store: StateStore) -> None:
        """What was written is there for the next reader."""
        _fill(store, 1)
        assert _number(store) == 1

    def test_an_exception_rolls_back(self, store: StateStore) -> None:
        """An exception inside write() leaves nothing behind, and comes out unchanged."""
        _fill(store, 1)

        def fail() -> None:
            with store.write() as connection:
                connection.execute(update(_SCRATCH).values(number=2))
                raise KeyError("mine")

        assert isinstance(_raised(fail), KeyError)
        assert _number(store) == 1

    def test_a_reader_keeps_its_snapshot(self, store: StateStore) -> None:
        """Two looks in one read() see the same, whatever is committed between them."""
        _fill(store, 1)
        with store.read() as connection:
            before = connection.execute(select(_SCRATCH.c.number)).scalar_one()
            with store.write() as writer:
                writer.execute(update(_SCRATCH).values(number=2))
            after = connection.execute(select(_SCRATCH.c.number)).scalar_one()
        assert (before, after) == (1, 1)
        assert _number(store) == 2

    def test_a_reader_cannot_write(self, store: StateStore) -> None:
        """read() refuses a statement that changes something."""
        _fill(store, 1)

        def write() -> None:
            with store.read() as connection:
                connection.execute(update(_SCRATCH).values(number=2))

        assert isinstance(_raised(write), DBAPIError)
        assert _number(store) == 1

    def test_a_writer_waits_only_so_long(self, store: StateStore) -> None:
        """A second writer of the same row gets UnavailableError after busy_timeout_s."""
        _fill(store, 1)
        errors: list[BaseException | None] = []

        def second() -> None:
            with store.write() as connection:
                connection.execute(update(_SCRATCH).values(number=3))

        with store.write() as connection:
            connection.execute(update(_SCRATCH).values(number=2))
            thread = threading.Thread(target=lambda: errors.append(_raised(second)))
            thread.start()
            thread.join(WAIT_S)
        assert [type(error) for error in errors if not isinstance(error, UnavailableError)] == []
        assert len(errors) == 1
        assert _number(store) == 2

    def test_writers_lose_nothing(self, store: StateStore) -> None:
        """Increments from several threads all count."""
        _fill(store, 0)

        def count() -> None:
            for _ in range(ROUNDS):
                _patiently(lambda: _increment(store))

        threads = [threading.Thread(target=count) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
        assert _number(store) == THREADS * ROUNDS

    def test_a_savepoint_fails_alone(self, store: StateStore) -> None:
        """begin_nested() takes back only its own part."""
        _fill(store, 1)

        def fail_inside() -> None:
            with store.write() as connection:
                connection.execute(update(_SCRATCH).values(number=5))
                error = _raised(lambda: _fail_nested(connection))
                assert isinstance(error, KeyError)

        def _fail_nested(connection: object) -> None:
            with connection.begin_nested():  # type: ignore[attr-defined]
                connection.execute(update(_SCRATCH).values(number=6))  # type: ignore[attr-defined]
                raise KeyError("mine")

        fail_inside()
        assert _number(store) == 5

    def test_instants_come_back_exactly(self, store: StateStore) -> None:
        """To the microsecond, aware, in UTC, in order, also before 1970."""
        zone = timezone(timedelta(hours=5, minutes=30))
        instants = [
            datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),
            datetime(2026, 10, 25, 6, 30, 0, 123_456, tzinfo=zone),
        ]
        with store.write() as connection:
            _SCRATCH.drop(connection, checkfirst=True)
            _SCRATCH.create(connection)
            rows = [{"id": i, "at": instant} for i, instant in enumerate(instants)]
            connection.execute(insert(_SCRATCH), rows)
        with store.read() as connection:
            found = connection.execute(select(_SCRATCH.c.at).order_by(_SCRATCH.c.at)).scalars()
            values = list(found)
            later = connection.execute(
                select(func.count()).where(_SCRATCH.c.at > instants[1])
            ).scalar_one()
        assert values == instants
        assert {value.tzinfo for value in values} == {UTC}
        assert later == 1

    def test_a_naive_instant_is_refused(self, store: StateStore) -> None:
        """A datetime without a zone never reaches the database."""
        _fill(store, 1)

        def write() -> None:
            with store.write() as connection:
                naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
                connection.execute(update(_SCRATCH).values(at=naive))

        error = _raised(write)
        assert isinstance(error, StatementError)
        assert "has no zone" in str(error)

    def test_migrating_again_changes_nothing(self, store: StateStore) -> None:
        """migrate() is idempotent and leaves every table of METADATA."""
        store.migrate()
        store.migrate()
        with store.read() as connection:
            assert set(METADATA.tables) <= set(inspect(connection).get_table_names())


def _fill(store: StateStore, number: int) -> None:
    with store.write() as connection:
        _SCRATCH.drop(connection, checkfirst=True)
        _SCRATCH.create(connection)
        connection.execute(insert(_SCRATCH).values(id=1, number=number))


def _number(store: StateStore) -> int:
    with store.read() as connection:
        return int(connection.execute(select(_SCRATCH.c.number)).scalar_one())


def _increment(store: StateStore) -> None:
    with store.write() as connection:
        connection.execute(update(_SCRATCH).values(number=_SCRATCH.c.number + 1))


def _patiently(act: Callable[[], None], tries: int = 200) -> None:
    """Try again while the engine is busy, as the contract asks of callers."""
    for _ in range(tries - 1):
        try:
            return act()
        except UnavailableError:
            continue
    return act()


def _raised(act: Callable[[], None]) -> BaseException | None:
    try:
        act()
    except Exception as raised:  # noqa: BLE001 - the suite examines whatever comes
        return raised
    return None
