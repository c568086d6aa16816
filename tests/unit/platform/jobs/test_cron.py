"""Goal: a schedule's next occurrence is right across clock changes, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from liftline.platform.jobs.cron import BadScheduleError, next_occurrence


def occurrences(expression: str, zone: str, start: str, count: int) -> list[str]:
    at = datetime.fromisoformat(start)
    found = []
    for _ in range(count):
        at = next_occurrence(expression, zone, at)
        found.append(at.strftime("%m-%d %H:%M"))
    return found


def test_a_fixed_hour_follows_the_wall_clock() -> None:
    # 07:00 in Berlin is 06:00 UTC in winter and 05:00 UTC in summer.
    assert occurrences("0 7 * * *", "Europe/Berlin", "2026-03-27T12:00Z", 3) == [
        "03-28 06:00",
        "03-29 05:00",
        "03-30 05:00",
    ]


def test_an_hour_that_does_not_exist_comes_right_after_the_gap() -> None:
    # 2026-03-29 02:00 to 03:00 is missing in Berlin; 03:00 CEST is 01:00 UTC.
    assert occurrences("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00Z", 3) == [
        "03-28 01:30",
        "03-29 01:00",
        "03-30 00:30",
    ]


def test_an_hour_that_comes_twice_is_met_once_the_first_time() -> None:
    # 2026-10-25 02:30 comes at 00:30 UTC (CEST) and again at 01:30 UTC (CET).
    assert occurrences("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", 2) == [
        "10-25 00:30",
        "10-26 01:30",
    ]


@pytest.mark.parametrize("minute", range(0, 60, 10))
def test_asked_inside_the_second_pass_it_never_goes_back(minute: int) -> None:
    after = datetime(2026, 10, 25, 1, minute, tzinfo=UTC)
    found = next_occurrence("30 2 * * *", "Europe/Berlin", after)
    assert found == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_hour_and_every_quarter_follow_elapsed_time() -> None:
    assert occurrences("0 * * * *", "Europe/Berlin", "2026-10-24T23:30Z", 3) == [
        "10-25 00:00",
        "10-25 01:00",
        "10-25 02:00",
    ]
    assert occurrences("*/15 * * * *", "Europe/Berlin", "2026-03-29T00:40Z", 3) == [
        "03-29 00:45",
        "03-29 01:00",
        "03-29 01:15",
    ]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
)
@pytest.mark.parametrize(
    "expression", ["30 2 * * *", "*/20 * * * *", "0 */6 * * *", "15 1 * * SUN"]
)
def test_occurrences_only_rise_for_up_to_a_year(zone: str, expression: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    end = at + timedelta(days=366)
    count = 0
    while at < end and count < 400:
        following = next_occurrence(expression, zone, at)
        assert following > at
        assert following.tzinfo is UTC
        at = following
        count += 1
    assert count >= 52


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("* * * *", "UTC"),
        ("0 * * * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("0 7 * * *", "Europe/Nowhere"),
        ("0 7 * * *", "../etc/passwd"),
        ("0 0 30 2 *", "UTC"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str, zone: str) -> None:
    with pytest.raises(BadScheduleError):
        next_occurrence(expression, zone, datetime(2026, 1, 1, tzinfo=UTC))
