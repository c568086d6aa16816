"""Goal: the benchmark of start-up runs, and its figures belong to this run."""

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
        [sys.executable, "bench/start.py", "--smoke"],
        cwd=ROOT, capture_output=True, timeout=150, check=True,
    )  # fmt: skip
    line = json.loads(done.stdout)
    assert (line["bench"], line["is_smoke"], line["runs"]) == ("start", True, 2)
    assert line["ratio"] == pytest.approx(line["value"] / line["reference"], abs=0.02)
    assert 0 < line["value"] <= line["median_ms"]
    assert line["ready_empty_s"] > 0.1
    assert line["ready_existing_s"] > 0.1
    assert len(line["result_hash"]) == 16


def test_the_reference_has_as_many_words_as_liftline() -> None:
    """Else the comparison would flatter one side."""
    ours, theirs = (
        subprocess.run(
            [sys.executable, *command, "--help"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        ).stdout
        for command in (["-m", "liftline.app.cli"], ["bench/reference/minimal_cli.py"])
    )  # fmt: skip
    assert _words(ours) == _words(theirs)


def _words(text: str) -> list[str]:
    """The first word of each row of the table of commands."""
    rows = [line.removeprefix("│ ").split()[0] for line in text.splitlines() if line[:3] > "│  "]
    return [word for word in rows if word.isalpha() and word.islower()]
