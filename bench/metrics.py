"""Compiled metric queries against SQL written by hand, on 10 M synthetic events.

The reference (bench/reference/metrics_by_hand.sql) was committed before the compiler. Both
run on the same tables, interleaved, and must return the same rows. A compiled run includes
compiling, with the statement's shape known, as in a running process; the first compilation
is reported apart. Measured is the CPU time of the process over all threads, which other work
on the machine disturbs less than the clock on the wall (reported too); of each side the best
run counts. `ratio` is that of the worst query.

Run: python bench/metrics.py [--smoke] [--check] [--events N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from liftline.core.ids import ProjectId
from liftline.data.metrics.api import (
    compile_funnel,
    compile_retention,
    compile_series,
    compile_unit_statistics,
    compile_value,
    load_catalog,
)
from liftline.data.metrics.contracts import CompiledQuery, MetricQuery

REFERENCE = Path(__file__).parent / "reference"
BOUND = 1.15
QUERY = MetricQuery(
    project=ProjectId("bench"),
    environment="prod",
    start=datetime(2026, 1, 3, tzinfo=UTC),
    end=datetime(2026, 2, 3, tzinfo=UTC),
)
Rows = list[tuple[object, ...]]


class Best:
    """The best CPU and wall seconds of one side."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = float("inf")

    def time(self, ask: Callable[[], Rows]) -> Rows:
        wall, cpu = time.perf_counter(), time.process_time()
        rows = ask()
        self.cpu_s = min(self.cpu_s, time.process_time() - cpu)
        self.wall_s = min(self.wall_s, time.perf_counter() - wall)
        return rows


def statements(name: str) -> dict[str, str]:
    """The named statements of a reference file."""
    text = (REFERENCE / name).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def compiled_queries() -> dict[str, Callable[[], CompiledQuery]]:
    """The question behind each hand-written statement, asked of the shipped definitions."""
    metrics = load_catalog(()).metrics
    d7 = metrics["activation_d7"]
    # The frozen statement predates searches that run while typing, which the shipped
    # definition leaves out; the one condition less is the same on both sides.
    ctr = replace(metrics["search_ctr"], where=None)
    return {
        "series_activation_d7": lambda: compile_series(d7, QUERY),
        "value_activation_d7": lambda: compile_value(d7, QUERY),
        "series_search_ctr": lambda: compile_series(ctr, QUERY),
        "unit_statistics_search_ctr": lambda: compile_unit_statistics(ctr, QUERY),
        "unit_statistics_search_ctr_by_has_quotes": lambda: compile_unit_statistics(
            ctr, replace(QUERY, dimension="has_quotes")
        ),
        "funnel_activation_funnel": lambda: compile_funnel(metrics["activation_funnel"], QUERY),
        "retention_retention_by_cohort": lambda: compile_retention(
            metrics["retention_by_cohort"], QUERY
        ),
        "series_active_users": lambda: compile_series(
            metrics["active_users"], replace(QUERY, grain="week")
        ),
        "series_error_count": lambda: compile_series(metrics["error_count"], QUERY),
    }


def make_events(connection: duckdb.DuckDBPyConnection, events: int) -> None:
    """The synthetic tables; all randomness is hashed from row numbers, so always the same."""
    for text in statements("metrics_synthetic_events.sql").values():
        connection.execute(text.replace("$events", str(int(events))))
    connection.execute("checkpoint")


def best_times(
    by_hand: Callable[[], Rows], compiled: Callable[[], Rows], runs: int
) -> tuple[Best, Best, Rows]:
    """The best run of each, interleaved in alternating order. Same rows or it stops."""
    hand, machine = Best(), Best()
    sides = ((by_hand, hand), (compiled, machine))
    by_hand(), compiled()  # warm
    rows: Rows = []
    for run in range(runs):
        first, second = sides if run % 2 else reversed(sides)
        rows, others = first[1].time(first[0]), second[1].time(second[0])
        if rows != others:
            raise SystemExit("the compiled query returned other rows than the one by hand")
    return hand, machine, rows


def measure(events: int, runs: int, directory: Path) -> dict[str, object]:
    """Run every query and put the figures together."""
    questions, by_hand = compiled_queries(), statements("metrics_by_hand.sql")
    if set(questions) != set(by_hand):
        raise SystemExit("every statement by hand needs a compiled one, and the reverse")
    parameters = {
        "project": QUERY.project,
        "environment": QUERY.environment,
        "start": QUERY.start.replace(tzinfo=None),
        "end": QUERY.end.replace(tzinfo=None),
    }
    figures: dict[str, dict[str, float]] = {}
    digest = hashlib.sha256()
    first_compile_s = 0.0
    with duckdb.connect(str(directory / "bench.duckdb")) as connection:
        connection.execute("set threads = 2")
        connection.execute("set TimeZone = 'UTC'")
        make_events(connection, events)
        for name, ask in questions.items():
            began = time.perf_counter()
            ask()
            first_compile_s = max(first_compile_s, time.perf_counter() - began)

            def hand(sql: str = by_hand[name]) -> Rows:
                return connection.execute(sql, parameters).fetchall()

            def machine(ask: Callable[[], CompiledQuery] = ask) -> Rows:
                compiled = ask()
                return connection.execute(compiled.sql, compiled.parameters).fetchall()

            hand_best, machine_best, rows = best_times(hand, machine, runs)
            if not rows:
                raise SystemExit(f"{name} found nothing: the bench measures nothing")
            digest.update(repr((name, rows)).encode())
            figures[name] = {
                "by_hand_ms": round(hand_best.cpu_s * 1e3, 2),
                "compiled_ms": round(machine_best.cpu_s * 1e3, 2),
                "ratio": round(machine_best.cpu_s / hand_best.cpu_s, 3),
                "by_hand_wall_ms": round(hand_best.wall_s * 1e3, 2),
                "compiled_wall_ms": round(machine_best.wall_s * 1e3, 2),
            }
    return {
        **summary(figures),
        "first_compile_ms_max": round(first_compile_s * 1e3, 1),
        "events": events,
        "events_are": "synthetic",
        "runs": runs,
        "duckdb": duckdb.__version__,
        "queries": figures,
        "result_hash": digest.hexdigest()[:16],
    }


def summary(figures: dict[str, dict[str, float]]) -> dict[str, object]:
    """The worst query stands for all; the total says what it hides."""
    worst = max(figures, key=lambda name: figures[name]["ratio"])
    total = {
        side: sum(figure[side] for figure in figures.values())
        for side in ("by_hand_ms", "compiled_ms")
    }
    return {
        "bench": "metrics",
        "value": figures[worst]["compiled_ms"],
        "unit": "ms of CPU",
        "reference": figures[worst]["by_hand_ms"],
        "ratio": figures[worst]["ratio"],
        "bound": BOUND,
        "worst_query": worst,
        "total_ratio": round(total["compiled_ms"] / total["by_hand_ms"], 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="20 thousand events, two runs")
    parser.add_argument("--check", action="store_true", help="exit 1 above the bound")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=9)
    chosen = parser.parse_args()
    events, runs = (20_000, 2) if chosen.smoke else (chosen.events, chosen.runs)
    with tempfile.TemporaryDirectory(prefix="liftline-bench-") as directory:
        figures = measure(events, runs, Path(directory))
    print(json.dumps(figures))
    ratio = figures["ratio"]
    return 1 if chosen.check and isinstance(ratio, float) and ratio > BOUND else 0


if __name__ == "__main__":
    sys.exit(main())
