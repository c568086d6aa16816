"""goals.yml: entries in, checked goals out."""

from __future__ import annotations

import re
from typing import Final, cast, get_args

from liftline.core.units import BadDurationError, duration
from liftline.data.metrics.contracts import (
    Baseline,
    Comparator,
    Evidence,
    Goal,
    NumberFormat,
)
from liftline.data.metrics.documents import Entry

_KEYS: Final = (
    *("id", "title", "metric", "owner", "baseline", "comparator", "target"),
    *("window", "due", "format", "evidence", "needs", "links"),
)
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")


def goal_definition(entry: Entry) -> Goal:
    """Parse one entry of goals.yml. Raises DefinitionError with the line at fault.

    `format: duration` reads baseline and target as `19min`; they are kept in seconds.
    """
    entry.only(_KEYS)
    format_ = cast(NumberFormat, entry.choice("format", get_args(NumberFormat)))
    comparator = cast(Comparator, entry.choice("comparator", get_args(Comparator)))
    goal = Goal(
        id=_identifier(entry),
        title=entry.text("title"),
        metric=entry.text("metric"),
        owner=entry.text("owner"),
        baseline=_baseline(entry.entry("baseline"), format_),
        comparator=comparator,
        target=_amount(entry, "target", "count" if comparator == "relative_change" else format_),
        window=entry.span("window"),
        due=entry.day("due"),
        format=format_,
        evidence=cast(Evidence, entry.choice("evidence", get_args(Evidence), "interval")),
        needs=entry.text("needs", ""),
        links=entry.texts("links"),
        origin=f"{entry.path}:{entry.line}",
    )
    if goal.window.total_seconds() < 1:
        raise entry.bad("window", "the window must be at least a second")
    if goal.due <= goal.baseline.date:
        raise entry.bad("due", "the due date must come after the baseline's date")
    if comparator == "stable_within" and goal.target <= 0:
        raise entry.bad("target", "the band of stable_within must be wider than 0")
    if comparator == "relative_change" and goal.target == 0:
        raise entry.bad("target", "a relative change of 0 is no goal", "use stable_within")
    return goal


def _identifier(entry: Entry) -> str:
    text = entry.text("id")
    if not _ID.match(text):
        raise entry.bad("id", f"{text!r} is not a goal's id", "write it as growth.activation_d7")
    return text


def _baseline(entry: Entry, format_: NumberFormat) -> Baseline:
    entry.only(("value", "source", "date"))
    measured = entry.values.get("value") == "previous_window"
    return Baseline(
        value=None if measured else _amount(entry, "value", format_),
        source=entry.text("source"),
        date=entry.day("date"),
    )


def _amount(entry: Entry, key: str, format_: NumberFormat) -> float:
    if format_ != "duration":
        return entry.number(key)
    try:
        return duration(entry.text(key)).total_seconds()
    except BadDurationError as error:
        raise entry.bad(key, error.message, error.cure) from error
