"""The catalog as a page for people: docs/reference/metrics.md."""

from __future__ import annotations

from collections.abc import Iterator

from liftline.data.metrics.contracts import Catalog, Goal, Measure, MetricDefinition
from liftline.data.metrics.judgement import promise
from liftline.data.metrics.wording import length

CURE = "liftline metrics reference > docs/reference/metrics.md"


def reference_page(catalog: Catalog) -> str:
    """Markdown: a table of metrics, each metric in full, then the goals."""
    lines = [*_head(catalog)]
    for metric in catalog.metrics.values():
        lines += _metric(metric)
    lines += ["## Goals", ""]
    for goal in catalog.goals:
        lines += _goal(goal)
    return "\n".join(lines).rstrip() + "\n"


def _head(catalog: Catalog) -> Iterator[str]:
    yield "# Metrics and goals"
    yield ""
    yield f"<!-- Made by `{CURE}`; change metrics.yml or goals.yml instead. -->"
    yield ""
    yield (
        f"{len(catalog.metrics)} metrics and {len(catalog.goals)} rows of goals ship with Liftline."
        " How to add your own: [define a metric](../how/define-a-metric.md)."
    )
    yield ""
    yield "| Metric | Type | Unit | Better | Owner |"
    yield "|---|---|---|---|---|"
    for metric in catalog.metrics.values():
        yield (
            f"| [{metric.name}](#{metric.name}) | {metric.type} | {metric.unit.name}"
            f" | {metric.direction} | {metric.owner} |"
        )
    yield ""


def _metric(metric: MetricDefinition) -> Iterator[str]:
    yield f"## {metric.name}"
    yield ""
    yield f"**{metric.title}.** {metric.description}"
    yield ""
    yield f"- Reads `{metric.model}` by `{metric.time_column}`; unit `{metric.unit.column}`."
    if metric.numerator:
        below = f" / {_measure(metric.denominator)}" if metric.denominator else ""
        yield f"- Counts `{_measure(metric.numerator)}{below}`" + (
            f" where `{metric.where}`." if metric.where else "."
        )
    for step in metric.steps:
        yield f"- Step: {step.name} (`{step.column}`)"
    if metric.window:
        yield f"- Window: {length(metric.window)} after the event time."
    for period in metric.periods:
        yield f"- Day {period.day}: `{period.retained}` of `{period.mature}`."
    if metric.maturity:
        yield f"- A row counts {length(metric.maturity.after)} later (`{metric.maturity.column}`)."
    if metric.dimensions:
        yield f"- Dimensions: {', '.join(metric.dimensions)}."
    needed = f"; a goal needs {metric.min_sample:,} units or more"
    yield f"- Interval: {_interval(metric)}{needed if metric.type == 'ratio' else ''}."
    yield ""


def _measure(measure: Measure | None) -> str:
    return f"{measure.aggregate}({measure.argument})" if measure else ""


def _interval(metric: MetricDefinition) -> str:
    if metric.type == "count":
        return "none, a count is complete"
    if metric.type in ("funnel", "retention") or metric.is_proportion:
        return "Wilson, 95 %"
    if metric.format == "percent":
        return "Wilson over the effective number of trials of its units, 95 %"
    return "delta method over units, 95 %"


def _goal(goal: Goal) -> Iterator[str]:
    yield f"### {goal.id}"
    yield ""
    stated = promise(goal, goal.baseline.value)
    yield f"**{goal.title}.** {stated[0].upper()}{stated[1:]}."
    yield ""
    yield f"- Metric `{goal.metric}` over {length(goal.window)}, judged by its {goal.evidence}."
    yield f"- Owner: {goal.owner}. Without data: {goal.needs}."
    yield ""
