"""Goal: a question is about one project, one environment and a sensible span, or is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from liftline.core.errors import InvalidError
from liftline.report.dashboards.scope import LENGTH, MAX_BUCKETS, Question, parse_scope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_default_is_the_last_35_days_by_day() -> None:
    scope = parse_scope(Question(project="demo", environment="prod"), NOW)
    assert (scope.end, scope.end - scope.start) == (NOW, timedelta(days=35))
    assert scope.grain == "day"
    assert scope.is_simulated
    assert not parse_scope(Question(project="shop", environment="prod"), NOW).is_simulated


@pytest.mark.parametrize(
    "question",
    [
        Question(project="Not A Name", environment="prod"),
        Question(project="shop", environment="moon"),
        Question(project="shop", environment="prod", start=NOW, end=NOW),
        Question(project="shop", environment="prod", start=NOW - timedelta(days=401)),
        Question(project="shop", environment="prod", start=NOW.replace(tzinfo=None)),
    ],
)
def test_nonsense_is_refused_with_a_cure(question: Question) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_scope(question, NOW)
    assert refused.value.cure


def test_too_many_buckets_make_the_grain_coarser() -> None:
    asked = Question(
        project="shop", environment="prod", start=NOW - timedelta(days=400), grain="hour"
    )
    scope = parse_scope(asked, NOW)
    assert scope.grain == "day"
    assert (scope.end - scope.start) / LENGTH[scope.grain] <= MAX_BUCKETS


def test_a_rolling_range_keeps_its_name_as_it_moves_on() -> None:
    def key(end: datetime, now: datetime) -> tuple[str, ...]:
        asked = Question(project="shop", environment="prod", start=end - timedelta(days=7), end=end)
        return parse_scope(asked, now).memory_key(now)

    later = NOW + timedelta(minutes=20)
    assert key(NOW, NOW) == key(later, later)
    assert key(NOW, later) != key(later, later)
