"""Goal: the routes answer from a seeded warehouse, refuse strangers, and stay honest without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from liftline.core.ids import ProjectId
from liftline.platform.access.contracts import Grant, Principal
from liftline.report.dashboards.http import visible_projects
from liftline.report.dashboards.live import raw_text, recent_sentence
from liftline.report.dashboards.measures import finite
from tests.browser.stage import Stage

SCOPE = "project=demo&environment=prod"
PATHS = ("overview", "health", "goals", "events/live", "events/20", "metrics/activation_d7/series")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("answers")).running() as made:
        made.link = made.access.first_account_link() or ""
        yield made


@pytest.fixture(scope="module")
def signed_in(stage: Stage) -> Iterator[httpx.Client]:
    cookie = stage.cookie()
    with httpx.Client(base_url=stage.address, cookies={cookie["name"]: cookie["value"]}) as client:
        yield client


@pytest.fixture
def ask(signed_in: httpx.Client, stage: Stage) -> Iterator[Any]:
    def ask_(path: str, query: str = SCOPE, status: int = 200) -> Any:
        response = signed_in.get(f"/api/{path}?{query}")
        assert response.status_code == status, response.text
        return response.json()

    stage.forget_freshness()
    yield ask_
    stage.warehouse.is_away = False


@pytest.mark.parametrize("path", [*PATHS, "projects", "metrics"])
def test_strangers_are_refused(stage: Stage, path: str) -> None:
    assert httpx.get(f"{stage.address}/api/{path}?{SCOPE}").status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_as_of_and_whether_it_is_simulated(ask: Any, path: str) -> None:
    answer = ask(path)
    assert answer["state"] == "ok"
    assert answer["is_simulated"] is True
    assert answer["as_of"].startswith("2026-03-02T11:59:57")


def test_the_ledger_of_the_seed_balances(ask: Any) -> None:
    ledger = ask("health")["ledger"]
    parts = ("accepted", "duplicate", "semantic_duplicate", "conflict", "rejected", "pending")
    assert ledger["is_balanced"]
    assert ledger["received"] == sum(ledger[part] for part in parts) > 10_000
    assert ledger["conflict"] == 27


def test_goals_carry_interval_and_change(ask: Any) -> None:
    goals = {goal["name"]: goal for goal in ask("goals")["goals"]}
    activation = goals["growth.activation_d7"]
    assert activation["status"] == "off"
    estimate = activation["estimate"]
    assert estimate["low"] < estimate["value"] < estimate["high"]
    assert 0.38 < estimate["value"] < 0.45
    assert activation["change"] is not None
    assert activation["sentence"].startswith("Goal at least 50 %")
    waiting = goals["growth.reachable"]
    assert waiting["estimate"] is None
    assert waiting["needs"]


def test_immature_days_are_not_zero(ask: Any) -> None:
    points = ask("metrics/activation_d7/series")["points"]
    assert len(points) >= 35
    assert points[-1]["value"] is None
    assert not points[-1]["is_complete"]


def test_live_events_continue_after_a_place(ask: Any) -> None:
    first = ask("events/live")
    assert len(first["accepted"]) == len(first["rejected"]) == 50
    ordinals = [event["ordinal"] for event in first["accepted"]]
    assert ordinals == sorted(ordinals, reverse=True)
    assert first["rejected"][0]["cure"]
    assert '"messageId"' in first["rejected"][0]["raw"]
    later = ask("events/live", f"{SCOPE}&after={first['newest_ordinal']}")
    assert later["accepted"] == later["rejected"] == []
    assert later["state"] == "ok"
    assert later["newest_ordinal"] == first["newest_ordinal"]
    named = ask("events/live", f"{SCOPE}&name=deployment")
    assert {event["name"] for event in named["accepted"]} == {"deployment"}


def test_another_project_sees_nothing_of_it(ask: Any) -> None:
    shop = "project=shop&environment=prod"
    assert ask("events/live", shop)["state"] == "empty"
    assert ask("overview", shop)["state"] == "empty"
    assert ask("health", shop)["ledger"]["sources"] == []
    error = ask("events/20", shop, 404)["error"]
    assert error["code"] == "dashboards.unknown_event"


def test_nonsense_is_the_askers_fault(ask: Any) -> None:
    code = ask("metrics/nothing/series", SCOPE, 404)["error"]["code"]
    assert code == "dashboards.unknown_metric"
    assert ask("overview", "project=demo&environment=moon", 400)["error"]["cure"]
    span = f"{SCOPE}&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z"
    assert ask("overview", span, 400)["error"]["code"] == "dashboards.bad_range"


def test_the_last_values_stay_while_the_warehouse_is_away(ask: Any, stage: Stage) -> None:
    before = {path: ask(path) for path in PATHS if path != "events/20"}
    stage.warehouse.is_away = True
    stage.forget_freshness()
    for path, known in before.items():
        answer = ask(path)
        assert answer["state"] == "away", path
        assert answer["as_of"] == known["as_of"]
        assert answer["cure"]
    assert ask("health")["ledger"] == before["health"]["ledger"]
    # Never asked before: no figure is made up, what does not need the warehouse is there.
    fresh = ask("health", "project=shop&environment=dev")
    assert fresh["as_of"] is None
    assert len(fresh["processes"]) == 3
    assert ask("goals", "project=shop&environment=dev", 503)["error"]["code"] == "warehouse.away"
    poll = ask("events/live", f"{SCOPE}&after=5")
    assert (poll["state"], poll["newest_ordinal"]) == ("away", 5)


def test_people_see_only_the_projects_they_were_granted() -> None:
    places = {(ProjectId("demo"), "prod"), (ProjectId("shop"), "dev"), (ProjectId("shop"), "prod")}
    grant = Grant(role="viewer", project=ProjectId("shop"))
    one = Principal(kind="person", id="1", label="x", role="viewer", grants=(grant,))
    seen = visible_projects(one, places)  # type: ignore[arg-type]
    assert [(line.project, line.environments) for line in seen.projects] == [
        ("shop", ("dev", "prod"))
    ]
    everyone = Principal(
        kind="person", id="1", label="x", role="viewer", grants=(Grant(role="viewer"),)
    )
    all_seen = visible_projects(everyone, places)  # type: ignore[arg-type]
    assert [line.project for line in all_seen.projects] == ["shop", "demo"]


def test_raw_bytes_are_shown_as_they_came() -> None:
    assert raw_text(None) is None
    assert raw_text("eyJhIjoxfQ==") == '{"a":1}'
    assert raw_text("//79") == "\ufffd\ufffd\ufffd"
    assert raw_text("not base64!") is not None


def test_sentences_and_numbers_never_lie() -> None:
    assert recent_sentence(0, 0) == "No event arrived in the last 5 minutes"
    assert recent_sentence(1, 0) == "1 event accepted and none rejected in 5 minutes"
    assert finite(float("inf")) is None
    assert finite(0.0) == 0.0


def test_the_statements_are_all_used() -> None:
    folder = Path(__file__).parents[4] / "src/liftline/report/dashboards"
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    names = [path.stem for path in (folder / "sql").glob("*.sql")]
    assert len(names) >= 10
    assert [name for name in names if f'"{name}"' not in source] == []
