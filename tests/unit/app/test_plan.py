"""Goal: a plan in force is a snapshot; the same plan changes nothing; a break is refused."""

from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from liftline.app.plan import PublishedPlan, UnreadablePlanError, plan_directories
from liftline.data.events.api import BreakingPlanError, shipped_plan
from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot
from liftline.platform.control.api import SnapshotPublisher, SnapshotReader

EVENT = """\
name: report_exported
version: {version}
owner: reports
purpose: How often reports leave the product.
senders: [server]
retention_days: 365
consent: analytics
properties:
  format: {{type: {type}, description: File format of the export., required: true, pii: none}}
examples_good:
  - {{format: {good}}}
examples_bad:
  - {{}}
"""


def in_force(control: Path) -> PlanSnapshot:
    reader = SnapshotReader(control, CONTROL_PLAN)
    reader.refresh()
    snapshot = reader.current()
    assert snapshot is not None
    return msgspec.json.decode(snapshot.body, type=PlanSnapshot)


@pytest.fixture
def team(tmp_path: Path) -> Path:
    events = tmp_path / "plan" / "events"
    events.mkdir(parents=True)
    (events / "report_exported.yml").write_text(EVENT.format(version=1, type="string", good="pdf"))
    return tmp_path / "plan"


@pytest.fixture
def plan(tmp_path: Path, team: Path) -> PublishedPlan:
    control = tmp_path / "control"
    return PublishedPlan(
        SnapshotPublisher(control),
        SnapshotReader(control, CONTROL_PLAN),
        plan_directories(team),
        {"dev": "keep", "staging": "reject", "prod": "reject"},
    )


def test_the_configured_plan_is_the_shipped_one_and_the_teams(
    plan: PublishedPlan, tmp_path: Path, team: Path
) -> None:
    assert plan_directories(None) == (shipped_plan(),)
    applied = plan.apply(None, allow_breaking=False)
    names = {event.name for event in in_force(tmp_path / "control").events}
    assert {"user_signed_up", "report_exported"} <= names
    assert (applied.version, applied.is_changed, applied.events) == (1, True, len(names))


def test_the_same_plan_again_changes_nothing(plan: PublishedPlan) -> None:
    first = plan.apply(None, allow_breaking=False)
    second = plan.apply(None, allow_breaking=False)
    assert (second.is_changed, second.version, second.digest) == (False, 1, first.digest)


def test_a_break_is_refused_and_the_old_plan_stays_in_force(
    plan: PublishedPlan, tmp_path: Path, team: Path
) -> None:
    plan.apply(None, allow_breaking=False)
    file = team / "events" / "report_exported.yml"
    file.write_text(EVENT.format(version=1, type="integer", good=7))
    with pytest.raises(BreakingPlanError):
        plan.apply(None, allow_breaking=False)
    assert in_force(tmp_path / "control").version == 1
    file.write_text(EVENT.format(version=2, type="integer", good=7))
    assert plan.apply(None, allow_breaking=False).version == 2


def test_a_restart_keeps_a_plan_that_was_applied_by_hand(
    plan: PublishedPlan, tmp_path: Path
) -> None:
    note = tmp_path / "configured"
    first = plan.apply_configured(note)
    assert first is not None
    by_hand = tmp_path / "by-hand"
    by_hand.mkdir()
    (by_hand / "report_exported.yml").write_text(EVENT.format(version=2, type="any", good=1))
    assert plan.apply(by_hand, allow_breaking=False).version == 2
    assert plan.apply_configured(note) is None, "nothing changed in the settings since"
    assert in_force(tmp_path / "control").version == 2


def test_a_start_with_a_stricter_setting_is_not_refused_but_says_so(
    plan: PublishedPlan, tmp_path: Path
) -> None:
    plan.apply(None, allow_breaking=False)
    control = tmp_path / "control"
    stricter = PublishedPlan(
        SnapshotPublisher(control),
        SnapshotReader(control, CONTROL_PLAN),
        plan_directories(tmp_path / "plan"),
        {"dev": "reject", "staging": "reject", "prod": "reject"},
    )
    with capture_logs() as lines:
        applied = stricter.apply_configured(tmp_path / "configured")
    assert applied is not None
    assert applied.changes == (
        "~ unplanned events: dev: keep -> reject, by the settings (breaking)",
    )
    assert [line["change"] for line in lines if line["log_level"] == "warning"] == [
        *applied.changes
    ]
    assert in_force(control).unplanned["dev"] == "reject"


def test_an_unreadable_plan_in_force_is_named_with_a_way_out(
    plan: PublishedPlan, tmp_path: Path
) -> None:
    SnapshotPublisher(tmp_path / "control").publish(CONTROL_PLAN, b'{"version": 7}')
    with pytest.raises(UnreadablePlanError) as caught:
        plan.apply(None, allow_breaking=False)
    assert "control" in caught.value.cure
