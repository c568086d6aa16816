"""What is read is what the tables say: unknown is None, a known nothing is zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from liftline.core.ids import Environment, ProjectId
from liftline.data.metrics import reading
from liftline.data.metrics.api import (
    read_funnel,
    read_goal,
    read_retention,
    read_series,
    read_unit_statistics,
    read_value,
)
from liftline.data.metrics.contracts import (
    Aggregate,
    Baseline,
    Catalog,
    Measure,
    MetricQuery,
    MetricQueryError,
)
from liftline.data.metrics.intervals import wilson

if TYPE_CHECKING:
    from .conftest import MemoryWarehouse

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = ProjectId("shop")
WEEK = MetricQuery(project=SHOP, environment="prod", start=MONDAY, end=MONDAY + 7 * DAY)
USERS = (
    "user_id text, signed_up_at timestamp, first_step_completed_at timestamp,"
    " source_connected_at timestamp, activated_at timestamp, is_activated_d7 boolean,"
    " is_mature_d7 boolean, is_retained_d1 boolean, is_mature_retention_d1 boolean,"
    " is_retained_d7 boolean, is_mature_retention_d7 boolean"
)
SEARCHES = (
    "visitor_id text, searched_at timestamp, is_clicked boolean, is_zero_result boolean,"
    " is_typeahead boolean, has_quotes boolean, is_mature boolean"
)


def naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def user(name: str, at: datetime, activated: bool | None, steps: int = 0) -> tuple[object, ...]:
    reached = [
        naive(at + timedelta(hours=place + 1)) if place < steps else None for place in range(3)
    ]
    mature = activated is not None
    return (name, naive(at), *reached, activated, mature, True, True, None, False)


def search(
    visitor: str, at: datetime, clicked: bool | None, *, typing: bool = False, quotes: bool = False
) -> tuple[object, ...]:
    return (visitor, naive(at), clicked, False, typing, quotes, clicked is not None)


def test_a_proportion_over_time(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    rows = [user(f"a{n}", MONDAY, n < 3) for n in range(10)]
    rows += [user(f"b{n}", MONDAY + 2 * DAY, None) for n in range(5)]
    memory_warehouse.table("activation_users", USERS, rows)
    memory_warehouse.hours(MONDAY, MONDAY + 9 * DAY)
    series = read_series(memory_warehouse, shipped_catalog.metrics["activation_d7"], WEEK)
    assert len(series.points) == 7
    first = series.points[0]
    assert (first.bucket, first.value, first.numerator, first.denominator) == (MONDAY, 0.3, 3, 10)
    assert first.low == pytest.approx(0.1078, abs=1e-4)
    assert first.high == pytest.approx(0.6032, abs=1e-4)
    assert first.is_complete, "the day and its 168 h are known"
    assert [point.value for point in series.points[1:]] == [None] * 6, "immature is not zero"
    assert series.as_of is not None


def test_zero_where_events_are_known_and_none_where_not(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    memory_warehouse.table(
        "product_errors",
        "user_id text, event_at timestamp",
        [
            ("u", naive(MONDAY + timedelta(hours=3))),
            (None, naive(MONDAY + timedelta(hours=4))),
        ],
    )
    memory_warehouse.hours(MONDAY + timedelta(hours=5), MONDAY + DAY, MONDAY + 3 * DAY)
    errors = shipped_catalog.metrics["error_count"]
    series = read_series(memory_warehouse, errors, WEEK)
    assert [point.value for point in series.points] == [2, 0, None, 0, None, None, None]
    assert [point.is_complete for point in series.points] == [True, True, True, *[False] * 4]
    later = replace(WEEK, start=MONDAY + DAY, end=MONDAY + 2 * DAY)
    known = read_value(memory_warehouse, errors, later)
    assert known is not None
    assert (known.value, known.low, known.high) == (0, 0, 0)
    unknown = replace(WEEK, start=MONDAY + 5 * DAY, end=MONDAY + 6 * DAY)
    assert read_value(memory_warehouse, errors, unknown) is None
    statistics, _ = read_unit_statistics(memory_warehouse, errors, WEEK)
    assert (statistics.n, statistics.sum_x) == (1, 1), "an error of nobody is of no unit"


def test_the_unit_of_a_ratio_is_the_user(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    """Units (1,2), (0,1), (2,4), (1,1): the delta method's variance of 1/96 would be worth 24
    trials, of which there are 8; 4^2/6 and 4^2/6 carriers, and 8^2/22 trials of clusters."""
    clicks = {"a": [True, False], "b": [False], "c": [True, True, False, False], "d": [True]}
    rows = [
        search(visitor, MONDAY, clicked)
        for visitor, answers in clicks.items()
        for clicked in answers
    ]
    rows += [search("a", MONDAY, True, typing=True), search("e", MONDAY, None)]
    memory_warehouse.table("searches", SEARCHES, rows)
    memory_warehouse.hours(MONDAY + 7 * DAY)
    metric = shipped_catalog.metrics["search_ctr"]
    estimate = read_value(memory_warehouse, metric, WEEK)
    assert estimate is not None
    assert (estimate.value, estimate.n) == (0.5, 4)
    trusted = (16 / 6) / (16 / 6 + 2)
    trials = 1 / (trusted / 8 + (1 - trusted) / (64 / 22))
    expected = wilson(trials / 2, trials)
    assert expected is not None
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    point = read_series(memory_warehouse, metric, WEEK).points[0]
    assert (point.value, point.low, point.high) == (0.5, estimate.low, estimate.high)
    assert (point.numerator, point.denominator) == (4, 8)


def test_slices_and_filters(memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog) -> None:
    memory_warehouse.table(
        "searches",
        SEARCHES,
        [
            search("a", MONDAY, True, quotes=True),
            search("a", MONDAY, False),
            search("b", MONDAY + DAY, False),
        ],
    )
    memory_warehouse.hours(MONDAY + 7 * DAY)
    metric = shipped_catalog.metrics["searches"]
    sliced = read_series(memory_warehouse, metric, replace(WEEK, dimension="has_quotes"))
    assert [(point.bucket, point.dimension, point.value) for point in sliced.points] == [
        (MONDAY, "false", 1),
        (MONDAY, "true", 1),
        (MONDAY + DAY, "false", 1),
    ]
    quoted = read_value(memory_warehouse, metric, replace(WEEK, filters=(("has_quotes", "true"),)))
    assert quoted is not None
    assert quoted.value == 1


def test_weeks_start_on_monday_and_partial_ones_say_so(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    memory_warehouse.table(
        "active_days",
        "user_id text, active_date date",
        [
            ("u", MONDAY.date()),
            ("u", (MONDAY + DAY).date()),
            ("v", (MONDAY + 8 * DAY).date()),
        ],
    )
    memory_warehouse.hours(MONDAY, MONDAY + 30 * DAY)
    query = replace(WEEK, grain="week", start=MONDAY, end=MONDAY + 10 * DAY)
    series = read_series(memory_warehouse, shipped_catalog.metrics["active_users"], query)
    assert [(point.bucket, point.value, point.is_complete) for point in series.points] == [
        (MONDAY, 1, True),
        (MONDAY + 7 * DAY, 1, False),
    ]


def test_a_funnel_counts_who_reached_all_steps_before(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    rows = [user(f"u{n}", MONDAY, True, steps=n % 4) for n in range(8)]
    skipped = list(user("skipped", MONDAY, True, steps=3))
    skipped[2] = None
    late = list(user("late", MONDAY, True, steps=3))
    late[4] = naive(MONDAY + 7 * DAY)
    memory_warehouse.table("activation_users", USERS, [*rows, tuple(skipped), tuple(late)])
    funnel = read_funnel(memory_warehouse, shipped_catalog.metrics["activation_funnel"], WEEK)
    assert [step.users for step in funnel.steps] == [10, 7, 5, 2]
    assert [step.conversion for step in funnel.steps] == [1.0, 0.7, 0.5, 0.2]
    assert funnel.steps[3].name == "Activated"
    empty = replace(WEEK, start=MONDAY + 30 * DAY, end=MONDAY + 31 * DAY)
    nobody = read_funnel(memory_warehouse, shipped_catalog.metrics["activation_funnel"], empty)
    assert [(step.users, step.conversion) for step in nobody.steps] == [(0, None)] * 4


def test_retention_counts_only_the_mature(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    memory_warehouse.table(
        "activation_users", USERS, [user(f"u{n}", MONDAY, True) for n in range(4)]
    )
    memory_warehouse.connection.execute(
        "update analytics.activation_users set is_mature_retention_d1 = false,"
        " is_retained_d1 = null where user_id = 'u0'"
    )
    metric = shipped_catalog.metrics["retention_by_cohort"]
    cells = read_retention(memory_warehouse, metric, WEEK).cells
    assert [(cell.day, cell.users, cell.retained, cell.mature, cell.value) for cell in cells] == [
        (1, 4, 3, 3, 1.0),
        (7, 4, 0, 0, None),
    ]


def test_a_goal_is_read_over_mature_days_and_says_what_it_needs(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    now = MONDAY + 35 * DAY
    rows = [user(f"u{n}", MONDAY + DAY, n < 60) for n in range(100)]
    rows += [user(f"old{n}", MONDAY - DAY, True) for n in range(50)]
    memory_warehouse.table("activation_users", USERS, rows)
    goals = {goal.id: goal for goal in shipped_catalog.goals}
    activation = goals["growth.activation_d7"]
    found = read_goal(memory_warehouse, shipped_catalog, activation, SHOP, "prod", now)
    assert found.estimate is not None
    assert (found.status, found.estimate.value, found.estimate.n) == ("met", 0.6, 100)
    other = read_goal(memory_warehouse, shipped_catalog, activation, SHOP, "dev", now)
    assert (other.status, other.estimate) == ("no_data", None)
    assert "user_activated" in other.needs
    asked = len(memory_warehouse.asked)
    signed = goals["build.signed_with_sbom"]
    missing = read_goal(memory_warehouse, shipped_catalog, signed, SHOP, "prod", now)
    assert missing.status == "no_data"
    assert missing.needs.startswith("artifact_built events")
    assert len(memory_warehouse.asked) == asked, "there was nothing to ask"


def test_a_measured_baseline_is_the_window_before(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog
) -> None:
    now = MONDAY + 28 * DAY
    rows = []
    for days, zero in ((20, 8), (5, 8)):
        for number in range(100):
            row = list(search(f"v{days}-{number}", now - days * DAY, False))
            row[3] = number < zero
            rows.append(tuple(row))
    memory_warehouse.table("searches", SEARCHES, rows)
    goal = next(goal for goal in shipped_catalog.goals if goal.id == "growth.zero_result_rate")
    found = read_goal(memory_warehouse, shipped_catalog, goal, SHOP, "prod", now)
    assert found.status == "on_track", "equal, but 100 users cannot show it to one point"
    assert "baseline 8 % (the 14 d before" in found.sentence


@pytest.mark.parametrize(
    ("aggregate", "amounts", "status"),
    [
        ("count", [], "met"),
        ("count", [5], "met"),
        ("count", [0, 0, 0, 0], "off"),
        ("sum", [], "met"),
        ("sum", [0, 0], "met"),
        ("sum", [2, 9], "off"),
    ],
)
def test_a_known_zero_is_data_and_silence_is_not(
    memory_warehouse: MemoryWarehouse,
    shipped_catalog: Catalog,
    aggregate: Aggregate,
    amounts: list[int],
    status: str,
) -> None:
    """`At most 3` of a count or sum: nothing is judged where events are known, else no data."""
    memory_warehouse.table(
        "product_errors",
        "user_id text, event_at timestamp, amount integer",
        [("u", naive(MONDAY + DAY), amount) for amount in amounts],
    )
    memory_warehouse.hours(MONDAY + 2 * DAY)
    measure = Measure(aggregate=aggregate, argument="amount" if aggregate == "sum" else "")
    errors = replace(shipped_catalog.metrics["error_count"], numerator=measure, min_sample=100)
    catalog = Catalog(metrics={"error_count": errors}, goals=())
    goal = replace(
        shipped_catalog.goals[0],
        metric="error_count",
        baseline=Baseline(value=3, source="the plan", date=MONDAY.date()),
        comparator="at_most",
        target=3,
        format="count",
        window=7 * DAY,
    )
    now = MONDAY + 7 * DAY
    found = read_goal(memory_warehouse, catalog, goal, SHOP, "prod", now)
    assert found.status == status
    assert found.estimate is not None
    if aggregate == "sum":
        assert found.estimate.n == min(1, len(amounts)), "units, not the sum"
    places: tuple[tuple[Environment, timedelta], ...] = (("dev", 0 * DAY), ("prod", 30 * DAY))
    for environment, later in places:
        silent = read_goal(memory_warehouse, catalog, goal, SHOP, environment, now + later)
        assert (silent.status, silent.estimate) == ("no_data", None)


def test_an_answer_is_never_cut_silently(
    memory_warehouse: MemoryWarehouse, shipped_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_warehouse.table(
        "searches", SEARCHES, [search("a", MONDAY + day * DAY, True) for day in range(5)]
    )
    memory_warehouse.hours(MONDAY)
    monkeypatch.setattr(reading, "MAX_ROWS", 4)
    with pytest.raises(MetricQueryError, match="more than 4 rows"):
        read_series(memory_warehouse, shipped_catalog.metrics["searches"], WEEK)
