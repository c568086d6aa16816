"""No text of a definition reaches the warehouse but the words of the small language."""

from __future__ import annotations

import pytest

from liftline.data.metrics.contracts import Measure
from liftline.data.metrics.expressions import ExpressionError, canonical_condition, parse_measure

ALLOWED = {
    "is_clicked": '"is_clicked"',
    "a and not b": '"a" AND NOT "b"',
    "x > 3 or (y in ('a', 'b') and z is not null)": (
        """"x" > 3 OR ("y" IN ('a', 'b') AND NOT "z" IS NULL)"""
    ),
    "x >= -1.5": '"x" >= -1.5',
    "name = 'it''s'": "\"name\" = 'it''s'",
    "a = b": '"a" = "b"',
    "true": "TRUE",
    "a -- why": '"a"',
}
REFUSED = [
    *("a; drop table x", "(select 1)", "exists (select 1)", "a in (select b from c)"),
    *("f(a)", "t.a", "a::int = 1", "case when a then b end", "a like 'x'", "a[1]"),
    *("A", '"a b"', "1", "'x'", "a = null", "a +", "", "a = 1 = 2 = b", "$p", "not (1 = 1)(2)"),
    *("(" * 200 + "a" + ")" * 200, "a" * 600, "a = (select 1)", "a between 1 and 2 or sleep(9)"),
]


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed_words_are_rebuilt_and_quoted(text: str) -> None:
    assert canonical_condition(text) == ALLOWED[text]
    assert canonical_condition(ALLOWED[text]) == ALLOWED[text], "reading it again changes nothing"


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        canonical_condition(text)
    assert caught.value.cure


def test_measures() -> None:
    assert parse_measure("count()") == Measure(aggregate="count")
    assert parse_measure(" count_if( a = 1 ) ") == Measure(aggregate="count_if", argument='"a" = 1')
    assert parse_measure("sum(amount)") == Measure(aggregate="sum", argument="amount")
    assert parse_measure("count_distinct(user_id)").aggregate == "count_distinct"
    for text in (
        "count(x)",
        "sum(a + b)",
        "sum(a) / 2",
        "avg(a)",
        "sum",
        "count_if()",
        "sum(a), 1",
    ):
        with pytest.raises(ExpressionError):
            parse_measure(text)
