"""Compiled metrics agree with a brute-force count in Python on random rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liftline.core.ids import ProjectId
from liftline.data.metrics.api import (
    compile_funnel,
    compile_retention,
    compile_series,
    compile_unit_statistics,
    compile_value,
)
from liftline.data.metrics.contracts import (
    CompiledQuery,
    FunnelStepDefinition,
    Grain,
    Maturity,
    MetricDefinition,
    MetricQuery,
    RetentionPeriod,
    Unit,
)
from liftline.data.metrics.expressions import parse_measure

HOUR = timedelta(hours=1)
ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
CASES = 60

RATIO = MetricDefinition(
    name="paid_rate",
    title="",
    owner="",
    description="",
    type="ratio",
    model="orders",
    unit=Unit(name="user", column="user_id", is_row=False),
    time_column="at",
    numerator=parse_measure("count_if(paid and amount > 1)"),
    denominator=parse_measure("count()"),
    where="not (kind = 'test' or kind is null)",
    maturity=Maturity(column="mature", after=2 * HOUR),
    dimensions=("kind",),
)
MEAN = replace(
    RATIO,
    numerator=parse_measure("sum(amount)"),
    denominator=parse_measure("count_if(paid)"),
    where=None,
    maturity=None,
)
PEOPLE = replace(
    RATIO, type="count", numerator=parse_measure("count_distinct(user_id)"), denominator=None
)
FUNNEL = replace(
    RATIO,
    type="funnel",
    numerator=None,
    denominator=None,
    where=None,
    maturity=None,
    window=5 * HOUR,
    steps=tuple(FunnelStepDefinition(name=name, column=name) for name in ("at", "seen", "done")),
)
RETENTION = replace(
    FUNNEL,
    type="retention",
    steps=(),
    window=None,
    periods=(
        RetentionPeriod(day=1, retained="paid", mature="mature"),
        RetentionPeriod(day=9, retained="mature", mature="paid"),
    ),
)

Row = tuple[
    *tuple[str, str, str | None, datetime, bool | None, int, str | None],
    *tuple[bool, datetime | None, datetime | None],
]
instants = st.integers(0, 72 * 4).map(lambda quarter: ORIGIN + quarter * HOUR / 4)
rows_of_orders = st.lists(
    st.tuples(
        st.sampled_from(["shop", "shop", "blog"]),
        st.sampled_from(["prod", "prod", "dev"]),
        st.sampled_from(["a", "b", "c", None]),
        instants,
        st.sampled_from([True, False, None]),
        st.integers(-2, 5),
        st.sampled_from(["new", "old", "test", None]),
        st.booleans(),
        st.none() | instants,
        st.none() | instants,
    ),
    max_size=25,
)
ranges = st.tuples(instants, instants).filter(lambda pair: pair[0] < pair[1])
grains = st.sampled_from(["hour", "day", "week"])


@pytest.fixture(scope="module")
def orders_table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Kolkata'")
        connection.execute("create schema analytics")
        connection.execute(
            "create table analytics.orders (project text, environment text, user_id text,"
            ' "at" timestamp,'  # a reserved word: compiled names are quoted
            " paid boolean, amount bigint, kind text, mature boolean,"
            " seen timestamp, done timestamp)"
        )
        connection.execute(
            "create table analytics.data_hours (project text, environment text,"
            " hour_at timestamp, data_through timestamp)"
        )
        yield connection


@settings(
    max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=rows_of_orders, span=ranges, grain=grains, known=st.none() | instants)
@example(rows=[], span=(ORIGIN, ORIGIN + HOUR), grain="day", known=None)
def test_every_question_agrees_with_counting_by_hand(
    orders_table: duckdb.DuckDBPyConnection,
    rows: list[Row],
    span: tuple[datetime, datetime],
    grain: Grain,
    known: datetime | None,
) -> None:
    _fill(orders_table, rows, known)
    query = MetricQuery(
        project=ProjectId("shop"), environment="prod", start=span[0], end=span[1], grain=grain
    )
    seen = [row for row in rows if row[:2] == ("shop", "prod") and span[0] <= row[3] < span[1]]
    ripe = [row for row in seen if row[7] and row[6] in ("new", "old")]

    paid = sum(_is_paid(row) for row in ripe)
    assert _ask(orders_table, compile_value(RATIO, query)) == [
        (paid / len(ripe) if ripe else None, paid, len(ripe))
    ]
    expected = [
        (bucket, _share(part), sum(map(_is_paid, part)), len(part), _complete(bucket, query, known))
        for bucket, part in _by_bucket(ripe, grain)
    ]
    assert _ask(orders_table, compile_series(RATIO, query)) == expected
    assert _ask(orders_table, compile_unit_statistics(RATIO, query)) == [
        _sums([(sum(map(_is_paid, own)), len(own)) for own in _by_user(ripe)])
    ]
    sliced = compile_unit_statistics(RATIO, replace(query, dimension="kind"))
    assert _ask(orders_table, sliced) == [
        (kind, *_sums([(sum(map(_is_paid, own)), len(own)) for own in _by_user(part)]))
        for kind in ("new", "old")
        for part in [[row for row in ripe if row[6] == kind and row[2]]]
        if part
    ]
    kept = [row for row in ripe if row[6] == "new"]
    filtered = replace(query, filters=(("kind", "new"),))
    assert _ask(orders_table, compile_value(RATIO, filtered)) == [
        (_share(kept), sum(map(_is_paid, kept)), len(kept))
    ]
    total, payers = sum(row[5] for row in seen), sum(row[4] is True for row in seen)
    assert _ask(orders_table, compile_value(MEAN, query)) == [
        (total / payers if payers else None, total if seen else None, payers)
    ]
    people = len({row[2] for row in ripe if row[2]})
    assert _ask(orders_table, compile_value(PEOPLE, query)) == [(people, people, None)]
    assert _ask(orders_table, compile_funnel(FUNNEL, query)) == _funnel(seen)
    assert _ask(orders_table, compile_retention(RETENTION, query)) == _retention(seen, grain)


def _fill(connection: duckdb.DuckDBPyConnection, rows: list[Row], known: datetime | None) -> None:
    connection.execute("delete from analytics.orders")
    connection.execute("delete from analytics.data_hours")
    values = [
        one.replace(tzinfo=None) if isinstance(one, datetime) else one
        for row in rows
        for one in row
    ]
    if rows:
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
        connection.execute(f"insert into analytics.orders values {marks}", values)
    if known:
        at = known.replace(tzinfo=None)
        connection.execute(
            "insert into analytics.data_hours values ('shop', 'prod', date_trunc('hour', ?), ?),"
            " ('blog', 'prod', '2030-01-01', '2030-01-01')",
            [at, at],
        )


def _ask(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledQuery
) -> list[tuple[object, ...]]:
    cursor = connection.execute(compiled.sql, compiled.parameters)
    assert tuple(column[0] for column in cursor.description or ()) == compiled.columns
    return [
        tuple(one.replace(tzinfo=UTC) if isinstance(one, datetime) else one for one in row)
        for row in cursor.fetchall()
    ]


def _is_paid(row: Row) -> bool:
    return row[4] is True and row[5] > 1


def _share(part: list[Row]) -> float | None:
    return sum(map(_is_paid, part)) / len(part) if part else None


def _bucket(at: datetime, grain: Grain) -> datetime:
    if grain == "hour":
        return at.replace(minute=0)
    day = at.replace(hour=0, minute=0)
    return day if grain == "day" else day - timedelta(days=day.weekday())


def _by_bucket(rows: list[Row], grain: Grain) -> list[tuple[datetime, list[Row]]]:
    parts: dict[datetime, list[Row]] = defaultdict(list)
    for row in rows:
        parts[_bucket(row[3], grain)].append(row)
    return sorted(parts.items())


def _by_user(rows: list[Row]) -> list[list[Row]]:
    users = {row[2] for row in rows if row[2]}
    return [[row for row in rows if row[2] == user] for user in users]


def _sums(units: list[tuple[int, int]]) -> tuple[int | None, ...]:
    if not units:
        return (0, None, None, None, None, None)
    return (
        len(units),
        sum(x for x, _ in units),
        sum(x * x for x, _ in units),
        sum(y for _, y in units),
        sum(y * y for _, y in units),
        sum(x * y for x, y in units),
    )


def _complete(bucket: datetime, query: MetricQuery, known: datetime | None) -> bool:
    end = bucket + {"hour": HOUR, "day": 24 * HOUR, "week": 168 * HOUR}[query.grain]
    inside = query.start <= bucket and end <= query.end
    return inside and known is not None and end + 2 * HOUR <= known


def _funnel(seen: list[Row]) -> list[tuple[object, ...]]:
    first = [row for row in seen if row[8] and row[8] < row[3] + 5 * HOUR]
    second = [row for row in first if row[9] and row[9] < row[3] + 5 * HOUR]
    return [
        (step, len(part), len(part) / len(seen) if seen else None)
        for step, part in enumerate((seen, first, second), 1)
    ]


def _retention(seen: list[Row], grain: Grain) -> list[tuple[object, ...]]:
    cells: list[tuple[object, ...]] = []
    for bucket, part in _by_bucket(seen, grain):
        both = sum(row[7] and row[4] is True for row in part)
        cells.append((bucket, 1, len(part), both, sum(row[7] for row in part)))
        cells.append((bucket, 9, len(part), both, sum(row[4] is True for row in part)))
    return cells
