"""Claim: Liftline starts at once: `liftline --help` takes at most 1.4 times what an empty cyclopts
program of as many words takes (goal: 350 ms), and `liftline up` is ready within seconds.

Whole processes, wall time, seen from outside. Help and its reference
(bench/reference/minimal_cli.py) take turns and the best run of each counts, since what else the
machine does can only add. Start to ready is reported, on an empty data directory and on the
one that this left behind. Sources are byte-compiled first, as `make run` does it.

Run: python -m bench.start [--smoke] [--check]
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.running import Liftline  # noqa: E402 - found by the path above

RATIO_BOUND = 1.4
HELP_GOAL_MS = 350
HELP_BOUND_S = 30
LIFTLINE = (sys.executable, "-m", "liftline.app.cli", "--help")
MINIMAL = (sys.executable, str(ROOT / "bench" / "reference" / "minimal_cli.py"), "--help")


def run_once(command: Sequence[str]) -> tuple[float, str]:
    """Milliseconds from fork to exit, and what it printed."""
    environment = {**os.environ, "COLUMNS": "100"}
    started_s = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=HELP_BOUND_S, env=environment
    )
    return (time.perf_counter() - started_s) * 1000, done.stdout


def help_times(runs: int) -> tuple[list[float], list[float], str]:
    """Liftline's times, the reference's, in turn; and Liftline's help."""
    ours, theirs, text = [], [], ""
    for _ in range(runs):
        took_ms, text = run_once(LIFTLINE)
        ours.append(took_ms)
        theirs.append(run_once(MINIMAL)[0])
    return ours, theirs, text


def ready_times(directory: Path, runs: int) -> tuple[float, list[float]]:
    """Seconds until all processes are ready: on an empty directory, then on the same again."""
    times = []
    for _ in range(runs + 1):
        liftline = Liftline(directory / "data")
        started_s = time.perf_counter()
        with liftline:
            times.append(time.perf_counter() - started_s)
    return times[0], times[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few runs, figures mean nothing")
    parser.add_argument("--check", action="store_true", help="exit 1 when the bound is missed")
    options = parser.parse_args()
    compileall.compile_dir(ROOT / "src", quiet=2)
    compileall.compile_dir(ROOT / "bench", quiet=2)
    ours, theirs, text = help_times(2 if options.smoke else 15)
    with tempfile.TemporaryDirectory(prefix="liftline-bench-") as place:
        empty_s, existing_s = ready_times(Path(place), 1 if options.smoke else 3)
    ratio = min(ours) / min(theirs)
    line = {
        "bench": "start",
        "value": round(min(ours), 1),
        "unit": "ms of wall time for --help",
        "reference": round(min(theirs), 1),
        "ratio": round(ratio, 2),
        "bound": RATIO_BOUND,
        "goal_ms": HELP_GOAL_MS,
        "median_ms": round(statistics.median(ours), 1),
        "reference_median_ms": round(statistics.median(theirs), 1),
        "ready_empty_s": round(empty_s, 2),
        "ready_existing_s": round(min(existing_s), 2),
        "runs": len(ours),
        "load_average": round(os.getloadavg()[0], 1),
        "is_smoke": options.smoke,
        "result_hash": hashlib.sha256(text.encode()).hexdigest()[:16],
    }
    print(json.dumps(line))
    return 1 if options.check and ratio > RATIO_BOUND else 0


if __name__ == "__main__":
    sys.exit(main())
