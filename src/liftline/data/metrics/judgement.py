"""Whether a goal is met: facts in, status and sentence out.

A goal accepts a range of values (its aim). It is

- `met` when the whole 95 % interval lies in the aim (with evidence `value`: the value);
- `on_track` when it is not met and the value is at or past the straight line that runs
  from the baseline at the start of its date to the target at the end of the due date; a
  goal to stay stable has no line, its value must be inside the band. After the due date
  the line stands at the target: then on_track means past it, but not yet for certain;
- `off` when the value is behind the line;
- `no_data` when nothing was measured, from too few units, or against no baseline. A known
  zero is data: no error in a month of events is a count of 0, not silence.

A measured baseline has a spread of its own, which widens the interval (as for two
independent windows) where the aim depends on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from liftline.data.metrics.contracts import Estimate, Goal, GoalReading, GoalStatus
from liftline.data.metrics.wording import amount, day, distance, length, measured


@dataclass(frozen=True, slots=True)
class Aim:
    """The values a goal accepts, bounds included, and the one its line runs to."""

    low: float
    high: float
    target: float


def judge(
    goal: Goal,
    estimate: Estimate | None,
    *,
    at: datetime,
    baseline: Estimate | None = None,
    min_sample: int = 0,
) -> GoalReading:
    """The goal's reading at an instant. `baseline` is the measured one, for goals without a
    stated value; `min_sample` the units that a rate needs (a count or a sum needs none)."""
    start = goal.baseline.value if baseline is None else baseline.value
    found = "no data yet" if estimate is None else measured(estimate, goal.format)
    sentence = f"{found}, {promise(goal, start)}"
    problem = _problem(goal, estimate, baseline, min_sample)
    if estimate is None or problem:
        return GoalReading(
            goal=goal.id, status="no_data", estimate=estimate, sentence=sentence, needs=problem
        )
    aim = aim_of(goal, start)
    judged = _widened(goal, estimate, baseline)
    return GoalReading(
        goal=goal.id,
        status=_status(goal, judged, aim, start, at),
        estimate=estimate,
        sentence=sentence + _remark(goal, judged, aim, start, at),
    )


def aim_of(goal: Goal, baseline: float | None) -> Aim:
    """The accepted range. A relative change and a band need a baseline."""
    match goal.comparator:
        case "at_least":
            return Aim(goal.target, math.inf, goal.target)
        case "at_most":
            return Aim(-math.inf, goal.target, goal.target)
        case "relative_change":
            target = _known(baseline) * (1 + goal.target)
            if goal.target > 0:
                return Aim(target, math.inf, target)
            return Aim(-math.inf, target, target)
        case "stable_within":
            centre = _known(baseline)
            return Aim(centre - goal.target, centre + goal.target, centre)


def line_at(goal: Goal, baseline: float, target: float, at: datetime) -> float:
    """Where the value should stand by now, on the straight line from baseline to target."""
    begin, end = _start_of(goal.baseline.date), _start_of(goal.due) + timedelta(days=1)
    share = min(1.0, max(0.0, (at - begin) / (end - begin)))
    return baseline + share * (target - baseline)


def promise(goal: Goal, baseline: float | None) -> str:
    """The goal in words: `goal at least 50 % by 3 Oct 2025; baseline 42 % (the plan, ...)`."""
    target = amount(goal.target, goal.format)
    match goal.comparator:
        case "at_least":
            wanted = f"at least {target}"
        case "at_most":
            wanted = f"at most {target}"
        case "relative_change":
            aimed = "" if baseline is None else amount(baseline * (1 + goal.target), goal.format)
            bound = "at least" if goal.target > 0 else "at most"
            change = f"{'+' if goal.target > 0 else '-'}{amount(abs(goal.target), 'percent')}"
            wanted = f"{change} on the baseline" + (f" ({bound} {aimed})" if aimed else "")
        case "stable_within":
            wanted = f"within {distance(goal.target, goal.format)} of the baseline"
    return f"goal {wanted} by {day(goal.due)}; baseline {_baseline_words(goal, baseline)}"


def _baseline_words(goal: Goal, baseline: float | None) -> str:
    if goal.baseline.value is not None:
        stated = amount(goal.baseline.value, goal.format)
        return f"{stated} ({goal.baseline.source}, {day(goal.baseline.date)})"
    before = f"the {length(goal.window)} before"
    if baseline is None:
        return f"to be measured over {before} ({goal.baseline.source})"
    return f"{amount(round(baseline, 4), goal.format)} ({before}; {goal.baseline.source})"


def _problem(
    goal: Goal, estimate: Estimate | None, baseline: Estimate | None, min_sample: int
) -> str:
    if estimate is None:
        return goal.needs or f"no data in the last {length(goal.window)}"
    if estimate.n < min_sample:
        return f"needs at least {min_sample:,} units to judge, has {estimate.n:,}"
    depends = goal.comparator in ("relative_change", "stable_within")
    if depends and goal.baseline.value is None and baseline is None:
        return f"no baseline: no data in the {length(goal.window)} before the present window"
    return ""


def _status(
    goal: Goal, judged: Estimate, aim: Aim, baseline: float | None, at: datetime
) -> GoalStatus:
    low, high = judged.low, judged.high
    if goal.evidence == "value":
        low = high = judged.value
    if aim.low <= low and high <= aim.high:
        return "met"
    if goal.comparator == "stable_within":
        return "on_track" if aim.low <= judged.value <= aim.high else "off"
    line = aim.target if baseline is None else line_at(goal, baseline, aim.target, at)
    is_past = judged.value >= line if aim.high == math.inf else judged.value <= line
    return "on_track" if is_past else "off"


def _remark(goal: Goal, judged: Estimate, aim: Aim, baseline: float | None, at: datetime) -> str:
    status = _status(goal, judged, aim, baseline, at)
    if status == "met":
        return ""
    if aim.low <= judged.value <= aim.high:
        return "; the value is there, its interval is not yet"
    if goal.comparator == "stable_within" or baseline is None:
        return ""
    if at >= _start_of(goal.due) + timedelta(days=1):
        return "; the due date has passed"
    line = line_at(goal, baseline, aim.target, at)
    return f"; the line to the goal stands at {amount(round(line, 4), goal.format)}"


def _widened(goal: Goal, estimate: Estimate, baseline: Estimate | None) -> Estimate:
    if baseline is None or goal.comparator in ("at_least", "at_most"):
        return estimate
    factor = 1 + goal.target if goal.comparator == "relative_change" else 1.0
    below = math.hypot(estimate.value - estimate.low, factor * (baseline.high - baseline.value))
    above = math.hypot(estimate.high - estimate.value, factor * (baseline.value - baseline.low))
    return replace(estimate, low=estimate.value - below, high=estimate.value + above)


def _known(baseline: float | None) -> float:
    if baseline is None:
        raise ValueError("a goal relative to a baseline is not judged without one")
    return baseline


def _start_of(value: date) -> datetime:
    return datetime.combine(value, time(), tzinfo=UTC)
