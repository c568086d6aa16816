"""Goal: what happened reads as sentences, newest first, without noise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from liftline.core.ids import ProjectId
from liftline.data.warehouse.contracts import BuildResult
from liftline.report.dashboards.contracts import Happening, ProcessState
from liftline.report.dashboards.happenings import (
    SHOWN,
    deployment,
    new_events,
    newest,
    of_build,
    of_processes,
)
from liftline.report.dashboards.scope import Scope

AT = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
SCOPE = Scope(
    project=ProjectId("shop"),
    environment="prod",
    start=AT - timedelta(days=1),
    end=AT + timedelta(days=1),
    grain="day",
)


def test_names_first_seen_together_are_one_line() -> None:
    seen = [(name, AT + timedelta(seconds=i)) for i, name in enumerate(["a", "b", "c", "d"])]
    (together,) = new_events(seen)
    assert together.sentence == "First events of 4 names: a, b, c and 1 more"
    (alone,) = new_events([("a", AT)])
    assert alone.sentence == "First event named a"
    assert len(new_events([("a", AT), ("b", AT + timedelta(hours=2))])) == 2


def test_a_deployment_is_a_sentence_in_each_state() -> None:
    assert deployment("api", "prod", "4f2c1aa99", "succeeded") == "api 4f2c1aa was deployed to prod"
    assert deployment("api", "prod", "", "failed") == "api failed to deploy"
    assert deployment("api", "", "4f2c1aa", "rolled_back") == "api 4f2c1aa was rolled back"


def test_restarts_and_failed_builds_are_news_and_good_ones_are_not() -> None:
    fields = {"pid": 1, "state": "running", "rss_bytes": 1, "is_ready": True}
    first = ProcessState(name="app", started_at=AT, restarts=0, **fields)
    again = ProcessState(name="app", started_at=AT, restarts=2, **fields)
    before = ProcessState(name="app", started_at=SCOPE.start - timedelta(1), restarts=2, **fields)
    assert [one.sentence for one in of_processes([first, again, before], SCOPE)] == [
        "The app was restarted (2 so far)"
    ]
    good = BuildResult(started_at=AT, duration_s=1, is_ok=True, models_built=1, tests_passed=1)
    bad = BuildResult(
        started_at=AT, duration_s=1, is_ok=False, models_built=1, tests_passed=1, failures=("x",)
    )
    assert of_build(good, SCOPE) == of_build(None, SCOPE) == []
    assert len(of_build(bad, SCOPE)) == 1


def test_the_list_is_bounded_and_newest_first() -> None:
    many = [Happening(at=AT + timedelta(hours=i), kind="plan", sentence=str(i)) for i in range(50)]
    shown = newest(many)
    assert len(shown) == SHOWN
    assert shown[0].sentence == "49"
