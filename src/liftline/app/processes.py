"""The entry of every child process: `python -m liftline.app.processes NAME CONFIG PID`.

CONFIG is the settings as JSON, written by the supervisor (process PID) without its secrets,
which come in the environment. Each process decodes only the fields it needs, so that the collector
stays free of heavy imports; that is also why imports here are inside the functions.
"""

# ruff: noqa: PLC0415 - each process imports only its own half of the product

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

import msgspec

from liftline.app.logs import configure_logs
from liftline.app.paths import Layout
from liftline.app.ports import http_address

_PR_SET_PDEATHSIG = 1


class CollectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the collector needs to know."""

    data_dir: str
    host: str
    collector_port: int
    log_level: str


class WarehouseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the warehouse needs to know."""

    data_dir: str
    log_level: str
    warehouse_memory_mb: int
    warehouse_threads: int


def die_with_parent(supervisor: int) -> None:
    """Ask the kernel for SIGTERM when the supervisor dies, however it dies.

    It may have died before we asked; then our parent is another process by now (any other:
    a container's first process is number 1, and a subreaper is not).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        raise SystemExit("the supervisor is gone")


def run_collector(config: bytes) -> None:
    """Accepts events and answers when they are durable."""
    from liftline.adapters.event_log.segment import SegmentLogWriter
    from liftline.data.collect.http import CollectorConfig, serve

    settings = msgspec.json.decode(config, type=CollectorSettings)
    configure_logs("collector", settings.log_level)
    layout = Layout(Path(settings.data_dir))
    serve(
        CollectorConfig(
            host=settings.host,
            port=settings.collector_port,
            control_directory=layout.control,
        ),
        SegmentLogWriter(layout.log),
    )


def run_warehouse(config: bytes) -> None:
    """Loads the log, runs dbt, answers queries."""
    from liftline.adapters.event_log.segment import SegmentLogReader
    from liftline.data.warehouse.http import WarehouseConfig, serve

    settings = msgspec.json.decode(config, type=WarehouseSettings)
    configure_logs("warehouse", settings.log_level)
    layout = Layout(Path(settings.data_dir))
    serve(
        WarehouseConfig(
            directory=layout.warehouse,
            socket_path=layout.warehouse_socket,
            control_directory=layout.control,
            logs_directory=layout.logs,
            memory_limit_mb=settings.warehouse_memory_mb,
            threads=settings.warehouse_threads,
        ),
        SegmentLogReader(layout.log),
    )


def run_app(config: bytes) -> None:
    """Serves pages and API, fires timers, takes decisions."""
    from liftline.app.http import serve
    from liftline.app.settings import settings_from_json

    settings = settings_from_json(config, os.environ)
    configure_logs("app", settings.log_level)
    serve(settings)


def run_demo(config: bytes) -> None:
    """Sends the demo's simulated traffic; the keys come in the environment."""
    from liftline_demo.__main__ import main as demo_main

    settings = msgspec.json.decode(config, type=CollectorSettings)
    state = Layout(Path(settings.data_dir)).root / "demo" / "traffic.json"
    state.parent.mkdir(exist_ok=True)
    collector = http_address(settings.host, settings.collector_port)
    sys.exit(demo_main(["--collector", collector, "--state", str(state)]))


RUN = {
    "collector": run_collector,
    "warehouse": run_warehouse,
    "app": run_app,
    "demo": run_demo,
}


def main(arguments: list[str]) -> None:
    """Become the named process."""
    name, config_path, supervisor = arguments
    die_with_parent(int(supervisor))
    RUN[name](Path(config_path).read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
