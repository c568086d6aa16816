"""Goal: the loader's benchmarks run and print what they promise, on tiny input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "name"), [("loader.py", "loader"), ("dbt_build.py", "dbt_build")]
)
def test_a_benchmark_prints_one_json_line(script: str, name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH / script), "--smoke"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    line = json.loads(done.stdout.strip().splitlines()[-1])
    assert line["bench"] == name
    assert line["ratio"] > 0
    assert {"value", "unit", "reference", "result_hash"} <= line.keys()
