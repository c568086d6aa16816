"""Goal: the ingest benchmark runs, and compares the same events on both sides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.ingest import plan
from bench.ingest_load import make_bodies
from bench.reference import fastapi_ingest
from liftline.data.events.api import compile_plan
from liftline.data.events.contracts import Checked

ROOT = Path(__file__).resolve().parents[2]


def test_both_sides_accept_every_event_of_the_load() -> None:
    compiled = compile_plan(plan())
    bodies = make_bodies(100)
    for body in bodies[:5]:
        batch = fastapi_ingest.Batch.model_validate_json(body)
        assert len(batch.events) == 100
        for raw in json.loads(body)["events"]:
            checked = compiled.check(
                event_type="track",
                name=raw["event"],
                raw_properties=json.dumps(raw["properties"]).encode(),
                sender="server",
                environment="prod",
                user_id=raw["user_id"],
            )
            assert isinstance(checked, Checked), checked


def test_the_plan_and_the_models_name_the_same_events() -> None:
    body = json.loads(make_bodies(100)[0])
    assert {event["event"] for event in body["events"]} == {spec.name for spec in plan().events}


@pytest.mark.slow
def test_the_benchmark_prints_its_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.ingest", "--smoke"],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["bench"] for line in told] == ["ingest_batch_100", "ingest_single"]
    for line in told:
        assert line["value"] > 0
        assert line["reference"] > 0
        assert line["rss_idle_mb"] < 120
