"""Puts the app process together: which adapter stands behind which port, and in what order."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import structlog
from fastapi import Request
from prometheus_client import Gauge

from liftline.adapters.event_log.segment import SegmentLogReader
from liftline.adapters.state.postgres import PostgresStateStore
from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.adapters.warehouse.socket import SocketWarehouse
from liftline.app.delivery import CollectorDelivery
from liftline.app.paths import Layout
from liftline.app.plan import PublishedPlan, plan_directories
from liftline.app.records import read_records
from liftline.app.rooms import load_named, load_rooms
from liftline.app.settings import Settings
from liftline.app.start import DEMO_FLAG, DEMO_KEYS, LOGIN_LINK
from liftline.core.clock import Clock, SystemClock
from liftline.core.errors import LiftlineError
from liftline.core.ids import DEMO_PROJECT
from liftline.core.room import Job, Room
from liftline.data.events.contracts import CONTROL_PLAN, PlanApplier
from liftline.data.log.contracts import LogReader
from liftline.data.metrics.api import load_catalog
from liftline.data.metrics.contracts import Catalog
from liftline.data.warehouse.contracts import Warehouse
from liftline.platform.access.api import SESSION_COOKIE, Access, SlotSpec, refuse_cross_site
from liftline.platform.audit.api import Change, record
from liftline.platform.control.api import SnapshotPublisher, SnapshotReader
from liftline.platform.jobs.api import Courier, JobLoop, Step, Worker, keep_recurrences, recur
from liftline.platform.jobs.contracts import Effect, Firing, Kind, Recurrence
from liftline.platform.secrets.api import Secrets, load_master_keys
from liftline.platform.secrets.contracts import SecretChange
from liftline.platform.state.contracts import Connection, StateStore
from liftline.report.dashboards.contracts import Addresses, Processes, ProcessState

log = structlog.get_logger("liftline.app.wiring")
T = TypeVar("T")

JOBS_STOP_S: Final = 1.5
"""With uvicorn's GRACEFUL_S this stays under the supervisor's DRAIN_S."""
CONFIGURED_PLAN: Final = "configured-plan.digest"
PLAN_REFUSED: Final = Gauge(
    "liftline_app_configured_plan_refused", "1 when the configured plan was refused at start."
)
DEMO_ORIGINS: Final = ("http://127.0.0.1:8404", "http://localhost:8404")


class SupervisedProcesses:
    """The Processes port over what the supervisor writes."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def snapshot(self) -> tuple[ProcessState, ...]:
        return tuple(
            ProcessState(
                name=record.name,
                pid=record.pid,
                state=record.state,
                started_at=record.started_at,
                restarts=record.restarts,
                rss_bytes=record.rss_bytes,
                is_ready=record.state == "ready",
            )
            for record in read_records(self._layout)
        )


class Wiring:
    """The app's objects and their life: start, authenticate, stop."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        rooms: tuple[Room, ...],
        objects: dict[type[Any], Any],
    ) -> None:
        self.rooms = rooms
        self._settings = settings
        self._layout = layout
        self._objects = objects
        self._access: Access = objects[Access]
        self._store: StateStore = objects[StateStore]
        self._clock: Clock = objects[Clock]
        self._delivery = CollectorDelivery(self._access, settings.collector_url)
        self._courier = Courier(self._store, self._clock, self._delivery)
        self._worker = Worker(self._store, self._clock, self._kinds())
        self._loop = JobLoop(self._steps())
        self._is_started = False

    def provide(self, port: type[T], /) -> T:
        """What was wired for a type. Raises LookupError, found when routes are built."""
        if port not in self._objects:
            raise LookupError(f"nothing is wired for {port.__name__}")
        return cast(T, self._objects[port])

    def start(self) -> None:
        """Publish what the hot processes wait for, then begin with timers and outbox."""
        self._access.keys.publish_or_keep()
        self._put_plan_in_force()
        self._plan_recurrences()
        self._leave_login_link()
        if os.environ.get(DEMO_FLAG) == "1":
            self._leave_demo_keys()
        self._access.open_for_command_line(self._layout.run, self._settings.app_url)
        self._loop.start()
        self._is_started = True

    def stop(self) -> None:
        """Finish the current job, close what is open."""
        self._loop.stop(JOBS_STOP_S)
        self._delivery.close()
        self._store.close()

    def not_ready_because(self) -> str:
        """Empty when the app can serve."""
        return "" if self._is_started else "starting\n"

    def authenticate(self, request: Request) -> None:
        """Find out who asks and keep it where `current_principal` looks. Blocking.

        Raises CrossSiteError for a request that another site forged, whatever the route.
        """
        refuse_cross_site(request.method, request.headers)
        address = request.client.host if request.client else "unknown"
        request.state.principal = self._access.authenticate(
            request.cookies.get(SESSION_COOKIE), request.headers.get("authorization"), address
        )

    def _put_plan_in_force(self) -> None:
        """The configured plan; a refused one leaves the last good one in force and says so."""
        try:
            applied = self._objects[PublishedPlan].apply_configured(
                self._layout.control / CONFIGURED_PLAN
            )
        except LiftlineError as error:
            PLAN_REFUSED.set(1)
            log.error("the tracking plan was refused", code=error.code, problem=error.message)
            if SnapshotReader(self._layout.control, CONTROL_PLAN).refresh():
                return
            raise  # no earlier plan: nothing could be judged, so do not pretend to be ready
        if applied is None:
            log.info("the configured tracking plan is as before; what is in force stays")
            return
        log.info("tracking plan in force", version=applied.version, events=applied.events)

    def _plan_recurrences(self) -> None:
        with self._store.write() as connection:
            keep_recurrences(connection, [job.name for job in self._jobs()])
            for job in self._jobs():
                recur(
                    connection,
                    Recurrence(name=job.name, kind=job.name, cron=job.cron, zone=job.zone),
                    self._clock.now(),
                )

    def _kinds(self) -> dict[str, Kind]:
        return {job.name: Kind(run=self._runner(job), late=job.late) for job in self._jobs()}

    def _runner(self, job: Job) -> Any:
        def run(_firing: Firing) -> Effect | None:
            found = load_named(job.run)
            assert callable(found)
            return cast("Effect | None", found(self.provide))

        return run

    def _jobs(self) -> tuple[Job, ...]:
        return tuple(job for room in self.rooms for job in room.jobs)

    def _steps(self) -> tuple[Step, ...]:
        return (
            Step(name="keys", run=self._access.keys.republish_if_due),
            Step(name="timers", run=lambda: self._worker.run_once().claimed),
            Step(name="outbox", run=self._courier.run_once),
        )

    def _leave_login_link(self) -> None:
        link = self._access.first_account_link()
        if link:
            _write_private(self._layout.run / LOGIN_LINK, link)

    def _leave_demo_keys(self) -> None:
        def key(kind: str, origins: tuple[str, ...] = ()) -> str:
            spec = SlotSpec(
                project=DEMO_PROJECT,
                environment="dev",
                kind=cast(Any, kind),
                name=f"demo traffic, {kind}",
                origins=origins,
            )
            return self._access.keys.ensure("system", spec).text

        keys = {"server": key("server"), "public": key("public", DEMO_ORIGINS)}
        _write_private(self._layout.run / DEMO_KEYS, json.dumps(keys))


def wire(settings: Settings) -> Wiring:
    """Open the database, migrate it, and connect every room to its ports."""
    layout = Layout(settings.data_dir)
    clock = SystemClock()
    store = _store(settings, layout)
    store.migrate()
    publisher = SnapshotPublisher(layout.control)
    plan = PublishedPlan(
        publisher,
        SnapshotReader(layout.control, CONTROL_PLAN),
        plan_directories(settings.plan_dir),
        settings.unplanned.model_dump(),
    )
    objects: dict[type[Any], Any] = {
        Settings: settings,
        Clock: clock,
        StateStore: store,
        Access: Access(store, publisher, clock, settings.url),
        Secrets: Secrets(
            store, load_master_keys(layout.secrets, os.environ), clock, on_change=_audit_secret
        ),
        PlanApplier: plan,
        PublishedPlan: plan,
        LogReader: SegmentLogReader(layout.log),
        Warehouse: SocketWarehouse(layout.warehouse_socket),
        Catalog: load_catalog((settings.plan_dir,) if settings.plan_dir else ()),
        Processes: SupervisedProcesses(layout),
        Addresses: Addresses(collector=settings.collector_address),
    }
    return Wiring(settings, layout, load_rooms(settings.areas), objects)


def _audit_secret(connection: Connection, change: SecretChange) -> None:
    """Who changed a secret is recorded with the change; its value never is."""
    record(
        connection,
        Change(
            actor=change.actor,
            action=change.action,
            subject=change.subject,
            after={"version": change.version},
            at=change.at,
        ),
    )


def _store(settings: Settings, layout: Layout) -> StateStore:
    if settings.database_url is not None:
        return PostgresStateStore(settings.database_url.get_secret_value())
    return SqliteStateStore(layout.state / "liftline.db")


def _write_private(path: Path, text: str) -> None:
    """Write a file that this user alone can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
