"""Compiled SQL always names project and environment, takes parameters, and parses elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlglot
from sqlglot import exp

from liftline.core.ids import ProjectId
from liftline.data.metrics.api import (
    compile_funnel,
    compile_retention,
    compile_series,
    compile_unit_statistics,
    compile_value,
)
from liftline.data.metrics.compiler import compile_bucket_statistics, compile_evidence
from liftline.data.metrics.contracts import (
    Catalog,
    CompiledQuery,
    MetricDefinition,
    MetricQuery,
    MetricQueryError,
)

QUERY = MetricQuery(
    project=ProjectId("shop"),
    environment="prod",
    start=datetime(2026, 3, 1, tzinfo=UTC),
    end=datetime(2026, 3, 8, tzinfo=UTC),
)
Compile = Callable[[MetricDefinition, MetricQuery], CompiledQuery]


def every_query(catalog: Catalog) -> list[CompiledQuery]:
    compiled = [compile_evidence(QUERY)]
    numbers: tuple[Compile, ...] = (
        *(compile_series, compile_value, compile_unit_statistics),
        compile_bucket_statistics,
    )
    for metric in catalog.metrics.values():
        if metric.type == "funnel":
            compiled.append(compile_funnel(metric, QUERY))
        elif metric.type == "retention":
            compiled.append(compile_retention(metric, QUERY))
        else:
            compiled += [compile_(metric, QUERY) for compile_ in numbers]
            for name in metric.dimensions:
                sliced = replace(QUERY, dimension=name, filters=((name, "x'; drop table y"),))
                compiled += [compile_(metric, sliced) for compile_ in numbers]
    return compiled


def test_every_scan_is_of_one_project_and_environment(shipped_catalog: Catalog) -> None:
    compiled = every_query(shipped_catalog)
    assert len(compiled) > 70
    for query in compiled:
        tree = sqlglot.parse_one(query.sql, dialect="duckdb")
        scans = [select for select in tree.find_all(exp.Select) if _reads_a_table(select)]
        assert scans
        for scan in scans:
            filters = scan.args["where"].sql("duckdb")
            assert '"project" = $project AND "environment" = $environment' in filters


def _reads_a_table(select: exp.Select) -> bool:
    source = select.args["from_"].this
    return isinstance(source, exp.Table) and source.db == "analytics"


def test_outside_values_are_parameters_and_all_are_used(shipped_catalog: Catalog) -> None:
    for query in every_query(shipped_catalog):
        tree = sqlglot.parse_one(query.sql, dialect="duckdb")
        names = {node.name for node in tree.find_all(exp.Placeholder)}
        assert names == set(query.parameters)
        assert "shop" not in query.sql
        assert "drop table" not in query.sql


def test_the_columns_are_as_announced(shipped_catalog: Catalog) -> None:
    for query in every_query(shipped_catalog):
        tree = sqlglot.parse_one(query.sql, dialect="duckdb")
        assert tuple(tree.named_selects) == query.columns


def test_the_sql_parses_for_postgres(shipped_catalog: Catalog) -> None:
    for query in every_query(shipped_catalog):
        translated = sqlglot.transpile(query.sql, read="duckdb", write="postgres")[0]
        assert sqlglot.parse_one(translated, dialect="postgres")


def test_instants_travel_as_utc_text(shipped_catalog: Catalog) -> None:
    denver = timezone(timedelta(hours=-7))
    query = replace(QUERY, start=datetime(2026, 2, 28, 17, tzinfo=denver))
    compiled = compile_value(shipped_catalog.metrics["signups"], query)
    assert compiled.parameters["start"] == "2026-03-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "query",
    [
        replace(QUERY, dimension="plan"),
        replace(QUERY, filters=(("user_id", "u"),)),
        replace(QUERY, end=QUERY.start),
        replace(QUERY, start=datetime(2026, 3, 1)),  # noqa: DTZ001 - the point of the case
        replace(QUERY, start=datetime(2000, 1, 1, tzinfo=UTC), grain="hour"),
    ],
)
def test_a_question_the_metric_cannot_answer_is_refused(
    shipped_catalog: Catalog, query: MetricQuery
) -> None:
    with pytest.raises(MetricQueryError):
        compile_series(shipped_catalog.metrics["search_ctr"], query)


def test_each_type_has_its_questions(shipped_catalog: Catalog) -> None:
    funnel = shipped_catalog.metrics["activation_funnel"]
    with pytest.raises(MetricQueryError, match="read_funnel"):
        compile_series(funnel, QUERY)
    with pytest.raises(MetricQueryError):
        compile_funnel(shipped_catalog.metrics["signups"], QUERY)
    with pytest.raises(MetricQueryError):
        compile_retention(funnel, QUERY)
