"""Claim: an event is queryable within 10 s (p95) of its receipt, also while dbt builds.

A running Liftline on an empty directory; one event at a time is posted, and from the receipt
(the event is durable) the clock runs until a query sees it. First nothing else happens, then
a dbt build runs all the time. This is an absolute goal on the machine at hand, so there is no
reference and nothing fails on it but `--check`.

Run: python -m bench.freshness [--smoke] [--check] [--probes 40]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from liftline.core.errors import LiftlineError  # noqa: E402 - found by the path above
from tests.running import Liftline, eventually  # noqa: E402

GOAL_S = 10.0
SEED = 20261123
PROBE_BOUND_S = 60.0
LOOK_EVERY_S = 0.02
FIRST_BUILD_BOUND_S = 120.0


@dataclass
class Builds:
    """dbt builds one after the other, in a thread of their own, until stopped."""

    liftline: Liftline
    durations_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Builds:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                result = self.liftline.warehouse.build()
            except LiftlineError as error:
                self.failures.append(str(error))
                return
            self.durations_s.append(result.duration_s)
            self.failures.extend(result.failures)


def probe(liftline: Liftline, key: str, probes: int, chance: random.Random) -> list[float]:
    """Seconds from receipt to row, one event after the other at random distances."""
    delays_s = []
    for _ in range(probes):
        time.sleep(chance.random())
        message_id = f"probe-{chance.getrandbits(64):016x}"
        event = {"event": "user_activated", "message_id": message_id, "user_id": message_id,
                 "properties": {"user_id": message_id}}  # fmt: skip
        receipt = liftline.send(key, event)
        assert receipt["accepted"] == 1, receipt
        received_s = time.perf_counter()
        while not is_queryable(liftline, message_id):
            assert time.perf_counter() - received_s < PROBE_BOUND_S, "never queryable"
            time.sleep(LOOK_EVERY_S)
        delays_s.append(time.perf_counter() - received_s)
    return delays_s


def is_queryable(liftline: Liftline, message_id: str) -> bool:
    found = liftline.query("select count(*) from raw.events where message_id = $id", id=message_id)
    return bool(found[0][0] == 1)


def measure(directory: Path, probes: int) -> dict[str, object]:
    """Both figures and what they were measured under."""
    chance = random.Random(SEED)
    with Liftline(directory / "data") as liftline:
        key = liftline.key()
        eventually(
            lambda: liftline.warehouse.status().last_build is not None,
            "the first dbt build",
            FIRST_BUILD_BOUND_S,
        )
        idle = probe(liftline, key, probes, chance)
        with Builds(liftline) as builds:
            building = probe(liftline, key, probes, chance)
        rows = liftline.query("select message_id from raw.events order by ordinal")
    assert not builds.failures, builds.failures
    return {
        "value": p95(idle),
        "idle_p50_s": round(statistics.median(idle), 2),
        "idle_p95_s": p95(idle),
        "building_p50_s": round(statistics.median(building), 2),
        "building_p95_s": p95(building),
        "builds": len(builds.durations_s),
        "build_median_s": round(statistics.median(builds.durations_s), 2),
        "result_hash": hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16],
    }


def p95(delays_s: list[float]) -> float:
    """The 95th percentile by rank: the smallest delay that 95 % do not exceed."""
    ranked = sorted(delays_s)
    return round(ranked[math.ceil(0.95 * len(ranked)) - 1], 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few probes, figures mean nothing")
    parser.add_argument("--check", action="store_true", help="exit 1 when the goal is missed")
    parser.add_argument("--probes", type=int, default=40)
    options = parser.parse_args()
    probes = 2 if options.smoke else options.probes
    with tempfile.TemporaryDirectory(prefix="liftline-bench-") as place:
        figures = measure(Path(place), probes)
    line = {
        "bench": "freshness",
        "unit": "s from receipt to queryable, p95, idle",
        "reference": None,
        "ratio": None,
        "goal_s": GOAL_S,
        "probes": probes,
        "load_average": round(os.getloadavg()[0], 1),
        "is_smoke": options.smoke,
        **figures,
    }
    print(json.dumps(line))
    worst = max(float(str(figures["idle_p95_s"])), float(str(figures["building_p95_s"])))
    return 1 if options.check and worst > GOAL_S else 0


if __name__ == "__main__":
    sys.exit(main())
