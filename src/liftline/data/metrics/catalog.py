"""All definitions in force: the shipped files, then a team's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from liftline.data.metrics.contracts import Catalog, DefinitionError, Goal, MetricDefinition
from liftline.data.metrics.definitions import metric_definition
from liftline.data.metrics.documents import BadValueError, Entry, read_document
from liftline.data.metrics.promises import goal_definition

SHIPPED: Final = Path(__file__).parent / "shipped"
METRICS_FILE: Final = "metrics.yml"
GOALS_FILE: Final = "goals.yml"
MAX_DEFINITIONS: Final = 1_000


class DuplicateNameError(DefinitionError):
    """A name is taken."""

    code = "metrics.duplicate_name"


def load_catalog(directories: Sequence[Path]) -> Catalog:
    """Read metrics.yml and goals.yml of the package and of each directory that has them.

    A metric's name is taken once and for all; a goal of a later directory replaces the
    earlier goal of the same id, in its place. Raises DefinitionError (file, line, cure).
    """
    metrics: dict[str, MetricDefinition] = {}
    goals: dict[str, Goal] = {}
    for directory in (SHIPPED, *directories):
        for entry in _entries(directory / METRICS_FILE, "metrics"):
            metric = metric_definition(entry)
            if metric.name in metrics:
                raise DuplicateNameError(
                    f"the metric {metric.name!r} is already defined at"
                    f" {metrics[metric.name].origin}",
                    path=entry.path,
                    line=entry.lines["name"],
                    cure="give it another name: one name has one definition everywhere",
                )
            metrics[metric.name] = metric
        goals |= _goals(directory / GOALS_FILE)
    for goal in goals.values():
        _check_measurable(goal, metrics.get(goal.metric))
    return Catalog(metrics=MappingProxyType(metrics), goals=tuple(goals.values()))


def _check_measurable(goal: Goal, metric: MetricDefinition | None) -> None:
    """A goal may wait for its metric, but the metric must be one number once it is there."""
    if metric is None or metric.type in ("count", "ratio"):
        return
    path, _, line = goal.origin.rpartition(":")
    raise BadValueError(
        f"the goal {goal.id!r} is about {metric.name!r}, which is a {metric.type}, not a number",
        path=path,
        line=int(line),
        cure="choose a count or a ratio",
    )


def _goals(path: Path) -> dict[str, Goal]:
    goals: dict[str, Goal] = {}
    for entry in _entries(path, "goals"):
        goal = goal_definition(entry)
        if goal.id in goals:
            raise DuplicateNameError(
                f"the goal {goal.id!r} is already defined at {goals[goal.id].origin}",
                path=entry.path,
                line=entry.lines["id"],
                cure="remove one of the two",
            )
        goals[goal.id] = goal
    return goals


def _entries(path: Path, key: str) -> tuple[Entry, ...]:
    if not path.is_file():
        return ()
    document = read_document(path)
    document.only((key,))
    entries = document.entries(key)
    if len(entries) > MAX_DEFINITIONS:
        raise document.bad(key, f"more than {MAX_DEFINITIONS} definitions")
    return entries
