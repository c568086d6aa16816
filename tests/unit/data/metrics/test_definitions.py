"""A wrong definition is refused with file, line, code and cure; the shipped ones are right."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from liftline.data.metrics.api import SHIPPED, load_catalog
from liftline.data.metrics.contracts import Catalog, DefinitionError

METRIC = """\
metrics:
  - name: orders
    title: Orders
    owner: sales
    description: Orders placed.
    type: ratio
    model: orders
    unit: {name: user, column: user_id, rows: many}
    time_column: ordered_at
    numerator: count_if(is_paid)
    denominator: count()
    format: percent
"""
GOAL = """\
goals:
  - id: sales.orders
    title: Orders are paid
    metric: orders
    owner: sales
    baseline: {value: 0.5, source: last year, date: 2026-01-01}
    comparator: at_least
    target: 0.6
    window: 28d
    due: 2026-06-30
    format: percent
"""
WRONG_METRICS = {
    "unknown key": ("title: Orders", "titel: Orders", "metrics.unknown_key", 3, "title"),
    "missing key": ("    owner: sales\n", "", "metrics.missing_key", 2, "owner"),
    "bad type": ("type: ratio", "type: rate", "metrics.bad_value", 6, "ratio"),
    "bad expression": (
        "count_if(is_paid)",
        "count_if(is_paid())",
        "metrics.bad_expression",
        10,
        "",
    ),
    "injection": ("count()", "count(); drop table x", "metrics.bad_expression", 11, "count"),
    "bad unit": ("rows: many", "rows: some", "metrics.bad_value", 8, "many"),
    "bad model": ("model: orders", "model: raw.events", "metrics.bad_value", 7, "lower-case"),
    "bad column": ("ordered_at", "orderedAt", "metrics.bad_value", 9, "lower-case"),
    "twice": ("    title: Orders", "    title: A\n    title: B", "metrics.unreadable_file", 4, ""),
    "not yaml": ("title: Orders", "title: [", "metrics.unreadable_file", 5, "syntax"),
    "key of another type": ("format: percent", "steps: []", "metrics.unknown_key", 12, "use one"),
}
WRONG_GOALS = {
    "due first": ("2026-06-30", "2025-06-30", "metrics.bad_value", 10, ""),
    "date as text": ("due: 2026-06-30", "due: soon", "metrics.bad_value", 10, "2025-10-03"),
    "bad window": ("28d", "four weeks", "metrics.bad_value", 9, "24h"),
    "bad id": ("sales.orders", "Sales Orders", "metrics.bad_value", 2, "growth.activation_d7"),
    "target as text": ("target: 0.6", "target: high", "metrics.bad_value", 8, ""),
    "empty band": (
        "at_least\n    target: 0.6",
        "stable_within\n    target: 0",
        "metrics.bad_value",
        8,
        "",
    ),
}


@pytest.mark.parametrize("case", WRONG_METRICS)
def test_a_wrong_metric_names_its_line_and_cure(tmp_path: Path, case: str) -> None:
    old, new, code, line, cure = WRONG_METRICS[case]
    assert old in METRIC
    (tmp_path / "metrics.yml").write_text(METRIC.replace(old, new, 1), encoding="utf-8")
    _assert_refused(tmp_path, tmp_path / "metrics.yml", code, line, cure)


@pytest.mark.parametrize("case", WRONG_GOALS)
def test_a_wrong_goal_names_its_line_and_cure(tmp_path: Path, case: str) -> None:
    old, new, code, line, cure = WRONG_GOALS[case]
    assert old in GOAL
    (tmp_path / "goals.yml").write_text(GOAL.replace(old, new, 1), encoding="utf-8")
    _assert_refused(tmp_path, tmp_path / "goals.yml", code, line, cure)


def _assert_refused(directory: Path, path: Path, code: str, line: int, cure: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_catalog((directory,))
    error = caught.value
    assert (error.code, error.facts["path"], error.facts["line"]) == (code, str(path), line)
    assert error.message.startswith(f"{path}:{line}: ")
    assert cure in error.cure


def test_a_file_can_be_neither_huge_nor_deep(tmp_path: Path) -> None:
    path = tmp_path / "metrics.yml"
    bomb = "a: &a [x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
        for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    for text in (bomb, "metrics: " + "[" * 400 + "]" * 400, "# " + "x" * 300_000):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DefinitionError):
            load_catalog((tmp_path,))


def test_a_team_adds_metrics_and_replaces_goals(tmp_path: Path, shipped_catalog: Catalog) -> None:
    (tmp_path / "metrics.yml").write_text(METRIC, encoding="utf-8")
    own = GOAL.replace("sales.orders", "growth.activation_d7")
    (tmp_path / "goals.yml").write_text(own, encoding="utf-8")
    catalog = load_catalog((tmp_path, tmp_path / "absent"))
    assert set(catalog.metrics) == {*shipped_catalog.metrics, "orders"}
    assert [goal.id for goal in catalog.goals] == [goal.id for goal in shipped_catalog.goals]
    assert catalog.goals[0].due == date(2026, 6, 30)


def test_a_metric_has_one_definition(tmp_path: Path) -> None:
    (tmp_path / "metrics.yml").write_text(METRIC.replace("name: orders", "name: signups"))
    with pytest.raises(DefinitionError, match="already defined at") as caught:
        load_catalog((tmp_path,))
    assert caught.value.code == "metrics.duplicate_name"


def test_a_goal_is_about_one_number(tmp_path: Path) -> None:
    (tmp_path / "goals.yml").write_text(GOAL.replace("metric: orders", "metric: activation_funnel"))
    with pytest.raises(DefinitionError, match="funnel, not a number"):
        load_catalog((tmp_path,))


def test_the_plans_nine_goals_are_ten_rows(shipped_catalog: Catalog) -> None:
    assert [goal.id for goal in shipped_catalog.goals] == [
        "growth.activation_d7",
        "growth.search_ctr",
        "growth.zero_result_rate",
        "growth.reachable",
        "growth.hard_bounce",
        "build.lead_time_p50",
        "build.lead_time_p95",
        "build.green_to_deploy",
        "build.signed_with_sbom",
        "build.flaky_rate",
    ]
    assert all(goal.needs for goal in shipped_catalog.goals)
    activation = shipped_catalog.goals[0]
    assert (activation.baseline.value, activation.target) == (0.42, 0.5)
    assert activation.window == timedelta(days=28)
    p50 = shipped_catalog.goals[5]
    assert (p50.baseline.value, p50.target) == (28 * 60, 19 * 60), "durations are in seconds"


def test_shipped_metrics_read_columns_that_the_marts_have(shipped_catalog: Catalog) -> None:
    """Against the contracts of the dbt models, so a renamed column is found without a build."""
    models = SHIPPED.parents[1] / "warehouse" / "dbt" / "models"
    columns: dict[str, set[str]] = {}
    for path in models.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ()):
            columns[model["name"]] = {column["name"] for column in model["columns"]}
    assert len(shipped_catalog.metrics) == 16
    for metric in shipped_catalog.metrics.values():
        used = {metric.unit.column, metric.time_column, *metric.dimensions}
        used |= {step.column for step in metric.steps}
        used |= {name for period in metric.periods for name in (period.retained, period.mature)}
        used |= {metric.maturity.column} if metric.maturity else set()
        used |= set((metric.where or "").split('"')[1::2])
        for measure in (metric.numerator, metric.denominator):
            if measure and measure.aggregate == "count_if":
                used |= set(measure.argument.split('"')[1::2])
            elif measure and measure.argument:
                used.add(measure.argument)
        assert used <= columns[metric.model], metric.name
