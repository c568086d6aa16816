"""Goal: the benchmark of freshness runs, and measures both idle and during a build."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_smoke() -> None:
    done = subprocess.run(
        [sys.executable, "bench/freshness.py", "--smoke"],
        cwd=ROOT, capture_output=True, timeout=240, check=True,
    )  # fmt: skip
    line = json.loads(done.stdout)
    assert (line["bench"], line["is_smoke"], line["probes"]) == ("freshness", True, 2)
    assert line["value"] == line["idle_p95_s"] >= line["idle_p50_s"] > 0
    assert line["building_p95_s"] >= line["building_p50_s"] > 0
    assert line["builds"] >= 1, "no build ran while the second half was measured"
    assert len(line["result_hash"]) == 16
