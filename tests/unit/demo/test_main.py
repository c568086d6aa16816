"""Goal: the command line says what is wrong and stops within a second when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from liftline_demo.__main__ import main
from liftline_demo.truth import GroundTruth

if TYPE_CHECKING:
    from tests.unit.demo.conftest import DemoCollector

DEMO = Path(__file__).parents[3] / "demo"


def test_the_truth_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--truth"]) == 0
    printed = msgspec.json.decode(capsys.readouterr().out)
    assert printed["activated_within_d7"] == 0.42
    assert printed.keys() == GroundTruth().as_json().keys()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "two keys"),
        (["--server-key", "s", "--public-key", "p"], "state file"),
        (["--server-key", "s", "--public-key", "p", "--state", "x", "--rate", "0"], "rate"),
        (["--server-key", "s", "--public-key", "p", "--state", "x", "--days", "0"], "days"),
    ],
)
def test_a_mistake_is_named_with_its_cure(
    arguments: list[str],
    problem: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LIFTLINE_DEMO_SERVER_KEY", raising=False)
    monkeypatch.delenv("LIFTLINE_DEMO_PUBLIC_KEY", raising=False)
    assert main(arguments) == 1
    told = msgspec.json.decode(capsys.readouterr().err)
    assert problem in told["error"]
    assert told["cure"]


def start(collector: DemoCollector, state: Path, *more: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PYTHONPATH": str(DEMO),
        "LIFTLINE_DEMO_SERVER_KEY": "s",
        "LIFTLINE_DEMO_PUBLIC_KEY": "p",
    }
    command = [sys.executable, "-m", "liftline_demo", "--collector", collector.url]
    return subprocess.Popen(
        [*command, "--state", str(state), "--days", "1", *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def stopped_within_a_second(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert time.monotonic() - asked_at < 1.0
    return out, err


@pytest.mark.slow
def test_sigterm_stops_live_traffic_within_a_second(
    demo_collector: DemoCollector, tmp_path: Path
) -> None:
    process = start(demo_collector, tmp_path / "demo.json", "--rate", "20")
    is_live = demo_collector.wait_for(
        lambda: any("historical" not in r["body"] for r in demo_collector.requests)
    )
    out, err = stopped_within_a_second(process)
    assert is_live, err
    assert (process.returncode, err) == (0, b"")
    lines = [msgspec.json.decode(line) for line in out.splitlines()]
    assert [lines[0]["phase"], lines[-1]["phase"]] == ["started", "stopped"]
    assert lines[-1]["accepted"] > 100
    assert lines[-1]["rejected"] == {}


@pytest.mark.slow
def test_sigterm_stops_a_hanging_request_within_a_second(
    demo_collector: DemoCollector, tmp_path: Path
) -> None:
    demo_collector.plan = ["hang"]
    process = start(demo_collector, tmp_path / "demo.json")
    is_hanging = demo_collector.hanging.wait(30)
    _, err = stopped_within_a_second(process)
    assert is_hanging, err
    assert (process.returncode, err) == (0, b"")
