"""Goal: a query reads whole loads, writes nothing, reaches no file, and ends in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liftline.data.events.contracts import EventRecord
from liftline.data.warehouse.contracts import QueryError
from liftline.data.warehouse.queries import QueryTimeoutError


@pytest.mark.parametrize(
    "sql",
    [
        "insert into raw.load_offset select * from raw.load_offset",
        "with x as (delete from raw.load_offset returning epoch) select * from x",
        "select 1; drop table raw.events",
        "set memory_limit = '1TB'",
        "attach ':memory:' as other",
        "copy raw.events to '/tmp/liftline-should-not-exist.csv'",
        "select * from read_text('/etc/hostname')",
        "select * from nothing_there",
        "explain analyze set memory_limit = '1TB'",
        "/* hi */ explain -- there\n analyze select 1",
        "explain (analyze) select 1",
        "explain analyze copy raw.events to '{spool}/out.csv'",
        "explain set memory_limit = '1TB'",
        "explain insert into raw.definitions values ('x')",
        "select * from read_text('{spool}/slice.ndjson')",
        "select * from read_json('{spool}/*')",
        "select * from '{spool}/slice.ndjson'",
        "from glob('{spool}/*')",
        "select * from query('from glob(''{spool}/*'')')",
        "with x as (select (select content from read_text('{spool}/slice.ndjson'))) from x",
        "explain select * from read_text('{spool}/slice.ndjson')",
        "call pragma_version()",
        "selekt",
        "",
    ],
)
def test_what_does_not_just_read_is_refused(loaded: Any, sql: str) -> None:
    spool = loaded.config.spool_directory
    (spool / "slice.ndjson").write_text('{"secret": 1}\n')
    settings = "select current_setting('memory_limit')"
    before = loaded.rows(settings)
    with pytest.raises(QueryError):
        loaded.engine.query(sql.replace("{spool}", str(spool)))
    assert loaded.rows(settings) == before
    assert [path.name for path in spool.iterdir()] == ["slice.ndjson"]
    assert loaded.rows("select count(*) from raw.load_offset") == ((1,),)
    assert not Path("/tmp/liftline-should-not-exist.csv").exists()


def test_instants_come_back_aware_whatever_they_are_compared_with(
    loaded: Any, event: Callable[..., EventRecord]
) -> None:
    loaded.append(event("a"))
    loaded.load()
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = loaded.engine.query(
        "select event_at, date_trunc('day', event_at), event_at::date from raw.events"
        " where event_at >= $at and event_at in (select unnest($some))",
        {"at": at, "some": [at], "unused": 1},
    )
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert rows.rows == ((at, midnight, midnight),)
    assert rows.as_of == at
    with pytest.raises(QueryError):
        loaded.engine.query("select $at", {"at": at.replace(tzinfo=None)})
    with pytest.raises(QueryError, match="no value"):
        loaded.engine.query("select $missing")


def test_values_without_a_json_form_become_ones_that_have_it(loaded: Any) -> None:
    sql = "select 'nan'::double, 1.50::decimal(9, 2), [1, 2], 2::hugeint, 10::hugeint ** 30, null"
    assert loaded.rows(sql) == ((None, 1.5, "[1, 2]", 2, 1e30, None),)


def test_rows_past_the_bound_are_cut_and_said(loaded: Any) -> None:
    answer = loaded.engine.query("select * from range(10)", max_rows=3)
    assert (len(answer.rows), answer.is_truncated) == (3, True)
    assert not loaded.engine.query("select * from range(3)", max_rows=3).is_truncated


def test_a_query_is_interrupted_at_its_deadline_and_the_next_one_works(loaded: Any) -> None:
    slow = "select count(*) from range(10000000) a, range(10000000) b where a.range % 7 = b.range"
    with pytest.raises(QueryTimeoutError):
        loaded.engine.query(slow, timeout_s=0.05)
    assert loaded.rows("select 1") == ((1,),)


@pytest.mark.parametrize(
    "sql",
    [
        "values (1)",
        "with x as (select 1 as i) select * from x",
        "from range(1)",
        "explain select 1",
        "EXPLAIN\nselect * from raw.events",
        "describe raw.events",
        "select * from (select unnest([1])) as t",
        "select x.i from (values (1)) as x(i) where exists (select 1)",
    ],
)
def test_what_just_reads_is_answered(loaded: Any, sql: str) -> None:
    assert loaded.rows(sql)


def test_settings_are_locked_for_every_connection(loaded: Any) -> None:
    with pytest.raises(duckdb.Error, match="locked"):
        loaded.engine._store.cursor().execute("set memory_limit = '1TB'")


def test_an_answer_is_cut_at_its_bytes(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liftline.data.warehouse.queries.ANSWER_MAX_BYTES", 1000)
    answer = loaded.engine.query("select repeat('x', 300) from range(10)")
    assert (len(answer.rows), answer.is_truncated) == (3, True)
    assert not loaded.engine.query("select repeat('x', 300) from range(3)").is_truncated
    with pytest.raises(QueryError, match="too large"):
        loaded.engine.query("select repeat('x', 1001)")
