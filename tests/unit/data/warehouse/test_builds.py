"""Goal: dbt runs beside the open file, tests decide whether a build is ok."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from liftline.data.events.api import load_plan, make_snapshot, shipped_plan
from liftline.data.events.contracts import EventRecord
from liftline.data.warehouse.contracts import BuildResult
from liftline.platform.control.api import SnapshotPublisher

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # dbt's own, at import and at parse
]


@pytest.fixture
def planned(loaded: Any) -> Any:
    pytest.importorskip(
        "dbt.cli.main", reason="dbt is missing: pip install -r requirements/lock.txt"
    )
    every = {"dev": "keep", "staging": "reject", "prod": "reject"}
    plan = make_snapshot(load_plan([shipped_plan()]), every, 1)
    SnapshotPublisher(loaded.config.control_directory).publish("plan", msgspec.json.encode(plan))
    return loaded


def test_a_build_is_ok_until_the_ledger_lies_and_a_rebuild_compares_marts_too(
    planned: Any, event: Callable[..., EventRecord]
) -> None:
    planned.append(event("a"), event("a"), event("b", user_id="u2"))
    planned.load()
    built = planned.engine.build("models")
    assert built.is_ok, built.failures
    assert built.models_built > 1 and built.tests_passed > 0
    assert planned.rows("select received, accepted, duplicate from ledger.ledger") == ((3, 2, 1),)

    report = planned.engine.rebuild("verify")
    assert report.is_same, report.text()
    assert any(not name.startswith("raw.") for name in report.before.keys() & report.after.keys())

    # The canary: one event more than the ledger accepted must fail the build.
    planned.engine._store.cursor().execute(
        "insert into raw.events select * from raw.events where ordinal = 0"
    )
    again = planned.engine.build("everything")
    assert not again.is_ok
    assert any("ledger_balances" in failure for failure in again.failures)
    assert any("no_key_twice" in failure for failure in again.failures)
    assert b"liftline_warehouse_last_build_ok 0.0" in planned.engine.metrics()


def test_a_mart_that_the_rebuild_cannot_make_keeps_the_old_file(
    planned: Any, event: Callable[..., EventRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary: a missing mart and a failed dbt run are never called the same."""
    planned.append(event("a"), event("b", user_id="u2"))
    planned.load()
    assert planned.engine.build("models").is_ok
    build = planned.engine._builder.build

    def fail_into_rebuild(
        plan: Any, *, scope: Any, into_rebuild: bool = False, is_full_refresh: bool = False
    ) -> BuildResult:
        if not into_rebuild:
            return build(plan, scope=scope)
        return BuildResult(
            started_at=planned.clock.now(),
            duration_s=0.0,
            is_ok=False,
            models_built=0,
            tests_passed=0,
            failures=("model searches: error: no such column",),
        )

    with monkeypatch.context() as patch:
        patch.setattr(planned.engine._builder, "build", fail_into_rebuild)
        report = planned.engine.rebuild("verify")
    assert not report.is_same and not report.may_take_the_place
    assert "analytics.searches" in report.differing
    assert "FAILED     model searches" in report.text() and "-> missing" in report.text()
    assert planned.rows("select count(*) from raw.loads") == ((1,),)
    # A file that lacks a mart is different too, whatever dbt said.
    planned.engine._store.cursor().execute("drop table analytics.searches")
    with monkeypatch.context() as patch:
        patch.setattr(planned.engine._builder, "build", _leave_marts_of(planned, build))
        assert planned.engine.rebuild("verify").differing == ("analytics.searches",)
    planned.engine.progress.plan_version_built = 1
    assert planned.engine.rebuild("unverified").may_take_the_place
    assert planned.engine.progress.plan_version_built is None, "the new file is built at once"


def test_a_changed_definition_reaches_old_rows(
    planned: Any, event: Callable[..., EventRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    from liftline.data.warehouse import project

    planned.append(event("a"), event("b", user_id="u2"))
    planned.load()
    assert planned.engine.build("models").is_ok
    shipped = project._shipped

    def change(definition: str) -> None:
        """active_days in another version: it counts every event `definition` times."""

        def changed(folder: Any, prefix: str) -> dict[str, str]:
            return {
                path: text.replace("    count(*) as events", f"    {definition} as events")
                if path.endswith("active_days.sql")
                else text
                for path, text in shipped(folder, prefix).items()
            }

        monkeypatch.setattr(project, "_shipped", changed)

    days = "select distinct events from analytics.active_days"
    assert planned.rows(days) == ((1,),)
    change("2 * count(*)")
    planned.engine.build("marts")
    assert planned.rows(days) == ((2,),), "rows of before the change too"
    change("3 * count(*)")
    report = planned.engine.rebuild("verify")
    assert report.is_same, report.text()
    assert "definitions of marts had changed" in report.text()
    assert planned.rows(days) == ((3,),)
    planned.engine.build("models")
    again = planned.engine.rebuild("verify")
    assert again.is_same and "changed" not in again.text(), "the same definitions, compared as is"


def _leave_marts_of(planned: Any, build: Callable[..., BuildResult]) -> Callable[..., BuildResult]:
    """A builder that leaves the old file's marts as they are."""

    def only_into_rebuild(
        plan: Any, *, scope: Any, into_rebuild: bool = False, is_full_refresh: bool = False
    ) -> BuildResult:
        if into_rebuild:
            return build(plan, scope=scope, into_rebuild=True)
        return planned.engine.status().last_build

    return only_into_rebuild
