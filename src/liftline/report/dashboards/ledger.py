"""The ledger as one sum: what was received, what became of it, what the sum misses."""

from __future__ import annotations

from dataclasses import replace

from liftline.data.warehouse.contracts import Rows, Warehouse
from liftline.report.dashboards.asking import ask, text, whole
from liftline.report.dashboards.contracts import Ledger, LedgerLine
from liftline.report.dashboards.scope import Scope


def read_ledger(warehouse: Warehouse, scope: Scope) -> tuple[Ledger, Rows]:
    """The scope's ledger without pending, and the rows it came from (for their as_of)."""
    rows = ask(warehouse, "ledger", scope.parameters())
    lines = [
        LedgerLine(
            source_id=text(row[0]),
            received=whole(row[1]),
            accepted=whole(row[2]),
            duplicate=whole(row[3]),
            semantic_duplicate=whole(row[4]),
            conflict=whole(row[5]),
            rejected=whole(row[6]),
            erased=whole(row[7]),
        )
        for row in rows.rows
    ]
    return balanced(lines), rows


def balanced(lines: list[LedgerLine]) -> Ledger:
    """The sum over sources. `difference` is received less everything it became."""
    total = Ledger(
        received=sum(line.received for line in lines),
        accepted=sum(line.accepted for line in lines),
        duplicate=sum(line.duplicate for line in lines),
        semantic_duplicate=sum(line.semantic_duplicate for line in lines),
        conflict=sum(line.conflict for line in lines),
        rejected=sum(line.rejected for line in lines),
        erased=sum(line.erased for line in lines),
        sources=tuple(lines),
    )
    became = (
        total.accepted
        + total.duplicate
        + total.semantic_duplicate
        + total.conflict
        + total.rejected
        + total.erased
    )
    difference = total.received - became
    return replace(total, difference=difference, is_balanced=difference == 0)


def with_pending(ledger: Ledger, pending: int) -> Ledger:
    """The ledger with what waits in the log on both sides of its sum."""
    return replace(ledger, received=ledger.received + pending, pending=pending)
