"""Goal: the benchmark of plan validation runs, and tells the truth about its own run."""

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
        [sys.executable, "bench/validate.py", "--smoke"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    line = json.loads(done.stdout)
    assert line["bench"] == "validate"
    assert line["is_smoke"] is True
    assert line["events"] >= 80
    assert line["ratio"] == pytest.approx(line["reference"] / line["value"], rel=0.01)
    assert len(line["result_hash"]) == 16
