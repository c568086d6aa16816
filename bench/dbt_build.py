"""Claim: a warm build inside the warehouse process costs a fraction of a cold `dbt build`.

Reference: `dbt build` as a new process on the same project and the same data. Measured: the
warm runner with nothing new, and after 10,000 new events were loaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.core.clock import SystemClock
from liftline.data.events.api import load_plan, make_snapshot, shipped_plan
from liftline.data.warehouse.builds import Builder
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.contracts import BuildResult
from liftline.data.warehouse.loader import Loader
from liftline.data.warehouse.store import Store
from loader import payload

BOUND = 2.0
APPEND_EVENTS = 10_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    events, new, rounds = arguments.events, 10_000, arguments.rounds
    if arguments.smoke:
        events, new, rounds = 1_000, 100, 1
    with tempfile.TemporaryDirectory() as folder:
        first_s, first, nothing_new, with_new, cold_s = measure(Path(folder), events, new, rounds)
    warm_s = statistics.median(result.duration_s for result in nothing_new)
    new_s = statistics.median(result.duration_s for result in with_new)
    shape = f"{first.models_built} {with_new[0].models_built} {with_new[0].tests_passed}"
    print(
        json.dumps(
            {
                "bench": "dbt_build",
                "value": round(warm_s, 3),
                "unit": "s",
                "reference": round(cold_s, 3),
                "ratio": round(cold_s / warm_s, 2),
                "bound": BOUND,
                "with_new_events_s": round(new_s, 3),
                "new_events": new,
                "first_build_s": round(first_s, 3),
                "events": events,
                "models": with_new[0].models_built,
                "tests": with_new[0].tests_passed,
                "result_hash": hashlib.sha256(shape.encode()).hexdigest()[:16],
            }
        )
    )
    return 1 if arguments.check and cold_s / warm_s < BOUND else 0


def measure(
    root: Path, events: int, new: int, rounds: int
) -> tuple[float, BuildResult, list[BuildResult], list[BuildResult], float]:
    """Seconds of the first build, that build, the builds with nothing new and with `new`
    events each, and seconds of a cold one."""
    config = WarehouseConfig(
        directory=root / "warehouse",
        control_directory=root,
        socket_path=root / "s",
        logs_directory=root / "logs",
    )
    log = MemoryLog()
    writer = MemoryLogWriter(log)
    store = Store(config.database_path, config)
    loader = Loader(store, MemoryLogReader(log), SystemClock())

    def load(count: int, seed: int) -> None:
        for start in range(0, count, APPEND_EVENTS):
            size = min(APPEND_EVENTS, count - start)
            lines = payload(size, seed * 1_000 + start // APPEND_EVENTS)
            writer.append(lines, records=size, events=size, acknowledge=lambda _: None)
            loader.load_next(max_records=size, max_bytes=1 << 30)

    load(events, 1)
    every = {"dev": "keep", "staging": "reject", "prod": "reject"}
    plan = make_snapshot(load_plan([shipped_plan()]), every, 1)
    builder = Builder(config, SystemClock())
    started = time.perf_counter()
    first = builder.build(plan, scope="models")
    first_s = time.perf_counter() - started
    assert first.is_ok, first.failures
    nothing_new = [builder.build(plan, scope="marts") for _ in range(rounds)]
    with_new = []
    for number in range(rounds):
        load(new, 100 + number)
        with_new.append(builder.build(plan, scope="marts"))
    assert all(result.is_ok for result in (*nothing_new, *with_new))
    with builder.paused():
        loader.close()
        store.close()
    return first_s, first, nothing_new, with_new, cold_build(config)


def cold_build(config: WarehouseConfig) -> float:
    """Seconds of `dbt build` of the marts as a process of its own, parse cache warm."""
    dbt = Path(sys.executable).parent / "dbt"
    directory = str(config.dbt_directory)
    command = [
        *(str(dbt), "--no-send-anonymous-usage-stats", "--quiet", "build"),
        *("--project-dir", directory, "--profiles-dir", directory),
        *("--exclude", "path:models/staging", "tag:hourly"),
    ]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
