"""A stage for the pages: the rooms' real routes over a seeded DuckDB, on a free port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import uvicorn
from starlette.requests import Request

from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.app.http import create_app
from liftline.app.wiring import Wiring
from liftline.core.clock import Clock, ManualClock
from liftline.core.ids import ProjectId
from liftline.data.log.contracts import START, LogBatch, LogReader, LogStats, Position
from liftline.data.metrics.api import load_catalog
from liftline.data.metrics.contracts import Catalog
from liftline.data.warehouse.contracts import (
    BuildResult,
    QueryError,
    Rows,
    Scalar,
    Warehouse,
    WarehouseAwayError,
    WarehouseStatus,
)
from liftline.platform.access import room as access_room
from liftline.platform.access.api import SESSION_COOKIE, Access, SlotSpec
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.secrets.api import Secrets, load_master_keys
from liftline.platform.state.contracts import StateStore
from liftline.report.dashboards import room as dashboards_room
from liftline.report.dashboards.contracts import Addresses, Processes, ProcessState

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "ui/dist"
SCHEMA = ROOT / "src/liftline/data/warehouse/sql/schema.sql"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START_BOUND_S = 20.0
EMAIL = "admin@localhost"
PASSWORD = "correct horse battery staple"
T = TypeVar("T")


class SeededWarehouse:
    """The Warehouse port over an in-process DuckDB that holds one seeded demo project."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        schema = SCHEMA.read_text("utf-8").replace("{schema_version}", "1")
        self._connection.execute(schema)
        for statement in duckdb.extract_statements(
            (Path(__file__).parent / "seed.sql").read_text()
        ):
            names = statement.named_parameters
            self._connection.execute(statement, {"now": NOW.replace(tzinfo=None)} if names else {})
        self._lock = threading.Lock()
        self.is_away = False
        self.is_stopped = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Scalar | Sequence[Scalar]] | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows:
        self._answerable()
        statement = duckdb.extract_statements(sql)[0]
        known = {name: _stored((parameters or {})[name]) for name in statement.named_parameters}
        with self._lock, self._connection.cursor() as cursor:
            try:
                cursor.execute(statement, known)
            except duckdb.Error as error:
                raise QueryError(str(error)) from error
            columns = tuple(column[0] for column in cursor.description or ())
            found = cursor.fetchmany(max_rows)
        rows = tuple(tuple(_aware(cell) for cell in row) for row in found)
        return Rows(columns=columns, rows=rows, as_of=NOW - timedelta(seconds=3))

    def status(self) -> WarehouseStatus:
        self._answerable()
        return WarehouseStatus(
            state="stopped" if self.is_stopped else "loading",
            loaded_position="00000001-00000001:000000918273",
            durable_position="00000001-00000001:000000918940",
            pending_events=4,
            loaded_events=19_000,
            last_load_at=NOW - timedelta(seconds=2),
            last_build=BuildResult(
                started_at=NOW - timedelta(seconds=11),
                duration_s=1.8,
                is_ok=True,
                models_built=9,
                tests_passed=64,
            ),
            size_bytes=11_534_336,
            problem="the log's position lies beyond its end" if self.is_stopped else "",
            cure="restore the log, or rebuild" if self.is_stopped else "",
        )

    def build(self) -> BuildResult:
        raise WarehouseAwayError()

    apply_plan = build

    def arrive(self, name: str, at: str) -> None:
        """One more accepted event, newer than all."""
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(
                "insert into raw.events by name select * replace ((select greatest("
                "(select max(ordinal) from raw.events), (select max(ordinal) from raw.quarantine)"
                ") + 1) as ordinal, $name as name, $at::timestamptz::timestamp as"
                " received_at) from raw.events where ordinal = 10",
                {"name": name, "at": at},
            )

    def _answerable(self) -> None:
        self.may_answer.wait(timeout=START_BOUND_S)
        if self.is_away:
            raise WarehouseAwayError()


class QuietLog:
    """The LogReader port with fixed figures."""

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch:
        return LogBatch(start=start, end=start, payload=b"", frames=())

    def stats(self) -> LogStats:
        return LogStats(
            durable=START, next_ordinal=19_004, events=19_004, size_bytes=7_340_032, segments=2
        )


class ThreeProcesses:
    """The Processes port: three that run."""

    def snapshot(self) -> tuple[ProcessState, ...]:
        return tuple(
            ProcessState(
                name=name,
                pid=4100 + i,
                state="ready",
                started_at=NOW - timedelta(hours=26, minutes=i),
                restarts=int(name == "warehouse"),
                rss_bytes=(46 + 90 * i) * 1024 * 1024,
                is_ready=True,
            )
            for i, name in enumerate(("collector", "warehouse", "app"))
        )


class Stage:
    """Everything the pages need, wired by hand; `address` once it is up."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock(NOW)
        self.warehouse = SeededWarehouse()
        store = SqliteStateStore(directory / "liftline.db")
        store.migrate()
        self._store = store
        publisher = SnapshotPublisher(directory / "control")
        self.address = ""
        self.link = ""
        self._token = ""
        self.access = Access(store, publisher, self.clock, "http://127.0.0.1")
        for project in ("demo", "shop"):
            spec = SlotSpec(
                project=ProjectId(project), environment="prod", kind="server", name=project
            )
            self.access.keys.create("person:setup", spec)
        self._wired: dict[Any, object] = {
            Addresses: Addresses(collector="http://127.0.0.1:8401"),
            Clock: self.clock,
            Warehouse: self.warehouse,
            LogReader: QuietLog(),
            Catalog: load_catalog([]),
            Processes: ThreeProcesses(),
            Access: self.access,
            StateStore: store,
            Secrets: Secrets(store, load_master_keys(directory / "secrets", {}), self.clock),
        }

    def cookie(self) -> dict[str, str]:
        """A session cookie of the first account; made once, for every page."""
        if not self._token:
            token = self.link.rpartition("token=")[2]
            self._token = self.access.people.accept(token, PASSWORD, "test").token
        return {"name": SESSION_COOKIE, "value": self._token, "url": self.address}

    def forget_freshness(self) -> None:
        """Let every remembered answer be due again."""
        self.clock.advance(timedelta(seconds=60))
        self.clock.jump(timedelta(seconds=-60))

    def provide(self, port: type[T]) -> T:
        return self._wired[port]  # type: ignore[return-value]

    # What the app asks of its wiring, so that routes, policy and files are the real ones.
    rooms = (access_room.ROOM, dashboards_room.ROOM)

    def start(self) -> None:
        self.access.keys.publish()

    def stop(self) -> None:
        self.warehouse.may_answer.set()

    def not_ready_because(self) -> str:
        return ""

    def authenticate(self, request: Request) -> None:
        request.state.principal = self.access.authenticate(
            request.cookies.get(SESSION_COOKIE), request.headers.get("authorization"), "test"
        )

    def close(self) -> None:
        """Let go of the state store."""
        self.warehouse.may_answer.set()
        self._store.close()

    @contextlib.contextmanager
    def running(self) -> Iterator[Stage]:
        """Serve on a free loopback port until the block ends."""
        bound = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.access.base_url = self.address
        config = uvicorn.Config(
            create_app(cast(Wiring, self)), log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.warehouse.may_answer.set()
            server.should_exit = True
            thread.join(timeout=START_BOUND_S)
            bound.close()
            self.close()
            assert not thread.is_alive()


def _stored(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _aware(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return value
