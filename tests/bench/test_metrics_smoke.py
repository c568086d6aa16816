"""The metrics bench runs: same rows from both sides, the same result each time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "metrics.py"


@pytest.fixture(scope="module")
def metrics_bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("liftline_bench_metrics", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_smoke(metrics_bench: ModuleType, tmp_path: Path) -> None:
    figures = metrics_bench.measure(20_000, 1, tmp_path)
    assert figures["bench"] == "metrics"
    assert figures["events_are"] == "synthetic"
    assert len(figures["queries"]) == 9
    again = tmp_path / "again"
    again.mkdir()
    assert metrics_bench.measure(20_000, 1, again)["result_hash"] == figures["result_hash"]


def test_other_rows_stop_the_bench(metrics_bench: ModuleType) -> None:
    """The canary: a compiled query that is wrong does not get a time."""
    with pytest.raises(SystemExit, match="other rows"):
        metrics_bench.best_times(lambda: [(1,)], lambda: [(2,)], 1)
