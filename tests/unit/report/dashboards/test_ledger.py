"""Goal: the ledger balances exactly when every event became one of seven things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liftline.report.dashboards.contracts import LedgerLine
from liftline.report.dashboards.ledger import balanced, with_pending

COUNTS = st.integers(0, 10**12)
PARTS = ("accepted", "duplicate", "semantic_duplicate", "conflict", "rejected", "erased")


@given(lines=st.lists(st.fixed_dictionaries(dict.fromkeys(PARTS, COUNTS)), max_size=5), off=COUNTS)
def test_the_difference_is_what_the_parts_miss(lines: list[dict[str, int]], off: int) -> None:
    made = [
        LedgerLine(source_id=str(i), received=sum(parts.values()), **parts)
        for i, parts in enumerate(lines)
    ]
    assert balanced(made).is_balanced
    wrong = [*made, LedgerLine(source_id="wrong", received=off)]
    assert balanced(wrong).difference == off
    assert balanced(wrong).is_balanced is (off == 0)


def test_pending_stands_on_both_sides() -> None:
    ledger = with_pending(balanced([LedgerLine(source_id="a", received=3, accepted=3)]), 4)
    assert (ledger.received, ledger.pending, ledger.is_balanced) == (7, 4, True)
