"""Goal: each thing that waits for a person is named, broken ones first, and quiet is quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liftline.data.warehouse.contracts import BuildResult, WarehouseStatus
from liftline.report.dashboards.contracts import Delay, DelayPoint, Ledger, ProcessState
from liftline.report.dashboards.needs import Facts, Silence, needs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUS = WarehouseStatus(
    state="loading",
    loaded_position="a",
    durable_position="a",
    pending_events=0,
    loaded_events=10,
    last_load_at=NOW,
    last_build=None,
    size_bytes=1,
)
APP = ProcessState(
    name="app",
    pid=1,
    state="running",
    started_at=NOW,
    restarts=0,
    rss_bytes=1,
    is_ready=True,
)
QUIET = Facts(
    now=NOW,
    ledger=Ledger(received=1000, accepted=990, rejected=10),
    delay=Delay(),
    processes=(APP,),
    status=STATUS,
)
BROKEN_BUILD = BuildResult(
    started_at=NOW,
    duration_s=1,
    is_ok=False,
    models_built=1,
    tests_passed=0,
    failures=("ledger_balances",),
)


def late(p95_s: float) -> Delay:
    return Delay(points=(DelayPoint(bucket=NOW, events=1, p50_s=1, p95_s=p95_s),))


def with_status(**changes: object) -> Facts:
    fields = {name: getattr(STATUS, name) for name in STATUS.__struct_fields__}
    return replace(QUIET, status=WarehouseStatus(**{**fields, **changes}))


def test_nothing_is_said_when_all_is_well() -> None:
    assert needs(QUIET) == ()
    assert needs(with_status(pending_events=5)) == ()
    assert needs(replace(QUIET, delay=late(600))) == ()


@pytest.mark.parametrize(
    ("facts", "severity", "words"),
    [
        (replace(QUIET, processes=(replace(APP, is_ready=False),)), "bad", "app process"),
        (
            replace(QUIET, processes=(replace(APP, state="starting", is_ready=False),)),
            "warn",
            "is starting",
        ),
        (with_status(state="stopped", problem="the disk is full"), "bad", "the disk is full"),
        (with_status(last_build=BROKEN_BUILD), "bad", "ledger_balances"),
        (
            with_status(pending_events=7, last_load_at=NOW - timedelta(seconds=61)),
            "warn",
            "7 events wait",
        ),
        (with_status(pending_events=7, last_load_at=None), "warn", "7 events wait"),
        (replace(QUIET, ledger=Ledger(difference=-3, is_balanced=False)), "bad", "misses 3"),
        (replace(QUIET, ledger=Ledger(received=9, conflict=2)), "warn", "2 events reused"),
        (replace(QUIET, ledger=Ledger(received=100, rejected=3)), "warn", "3.0 %"),
        (replace(QUIET, delay=late(601)), "warn", "10 min objective"),
        (replace(QUIET, delay=late(901)), "bad", "15 min alert"),
        (
            replace(QUIET, silences=(Silence(source_id="web", last_at=NOW - timedelta(hours=3)),)),
            "warn",
            "web is silent for 3 h",
        ),
    ],
)
def test_each_thing_is_named_with_a_cure(facts: Facts, severity: str, words: str) -> None:
    (need,) = needs(facts)
    assert need.severity == severity
    assert words in need.sentence
    assert need.cure


def test_broken_things_come_first() -> None:
    both = replace(
        QUIET,
        ledger=Ledger(received=9, conflict=2),
        processes=(replace(APP, state="stopped", is_ready=False),),
    )
    assert [need.severity for need in needs(both)] == ["bad", "warn"]
