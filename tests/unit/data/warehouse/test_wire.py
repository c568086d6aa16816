"""Goal: what goes over the socket comes out as it went in, types and all."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.data.warehouse.contracts import QueryError, Rows
from liftline.data.warehouse.wire import (
    QueryRequest,
    RowsReply,
    pack_parameters,
    pack_rows,
    unpack_parameters,
    unpack_rows,
)

instants = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False,
    allow_infinity=False), st.text(st.characters(exclude_categories=["Cs"])),
)  # fmt: skip


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    parameters=st.dictionaries(
        st.text("abc", min_size=1), st.one_of(plain, instants, st.lists(instants), st.lists(plain))
    )
)
def test_parameters_survive(parameters: dict[str, object]) -> None:
    packed, named = pack_parameters(parameters)  # type: ignore[arg-type]
    request = QueryRequest(sql="select 1", parameters=packed, instants=named)
    back = msgspec.json.decode(msgspec.json.encode(request), type=QueryRequest)
    assert unpack_parameters(back) == parameters


@settings(max_examples=50, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(plain, st.one_of(st.none(), instants))))
def test_rows_survive(rows: list[tuple[object, object]]) -> None:
    answer = Rows(columns=("a", "at"), rows=tuple(rows), as_of=datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type]
    back = msgspec.json.decode(msgspec.json.encode(pack_rows(answer)), type=RowsReply)
    assert unpack_rows(back) == answer
    assert unpack_rows(back).as_of == answer.as_of


def test_text_that_looks_like_an_instant_stays_text() -> None:
    packed, named = pack_parameters({"a": "2026-01-01T00:00:00Z"})
    assert named == ()
    assert unpack_parameters(QueryRequest(sql="", parameters=packed)) == packed


def test_what_is_not_an_instant_is_refused() -> None:
    with pytest.raises(QueryError):
        unpack_parameters(QueryRequest(sql="", parameters={"a": "soon"}, instants=("a",)))
