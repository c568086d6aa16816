"""Leases with fences: the moves that timers and outbox rows share.

A row is pending, leased or at rest. Claiming raises the fence by one; every later move
names the fence it was given, and a stale fence moves nothing. So after a crash, a pause or
a clock jump two owners may both run, but only the newer one's outcome counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Table, delete, select, update


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What a claim asks for: whose it is, from when to when, and how many rows at most."""

    owner: str
    now: datetime
    until: datetime
    limit: int


def claim(
    connection: Connection,
    table: Table,
    lease: Lease,
    *,
    column: str = "",
    known: Collection[str] = (),
) -> list[RowMapping]:
    """Lease due rows (and rows whose lease ran out) in one statement, oldest first.

    With `column`, only rows whose value there is in `known`.
    """
    due = select(table.c.id).where(
        table.c.state.in_(("pending", "leased")), table.c.next_at <= lease.now
    )
    if column:
        due = due.where(table.c[column].in_(sorted(known)))
    # A CTE, because PostgreSQL may run an IN-subquery with LIMIT more than once.
    chosen = (
        due.order_by(table.c.next_at, table.c.id)
        .limit(lease.limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    claimed = connection.execute(
        update(table)
        .where(table.c.id.in_(select(chosen.c.id)))
        .values(
            state="leased",
            lease_owner=lease.owner,
            lease_until=lease.until,
            next_at=lease.until,
            fence=table.c.fence + 1,
            attempts=table.c.attempts + 1,
        )
        .returning(*table.c)
    )
    # RETURNING has no order of its own.
    return sorted(claimed.mappings(), key=lambda row: int(row["id"]))


def oldest_waiting(
    connection: Connection, table: Table, *, column: str = "", known: Collection[str] = ()
) -> datetime | None:
    """When the row that waits for longest wanted attention; one look at the partial index.

    With `column`, only rows whose value there is in `known`.
    """
    waiting = select(table.c.next_at).where(table.c.state.in_(("pending", "leased")))
    if column:
        waiting = waiting.where(table.c[column].in_(sorted(known)))
    found: datetime | None = connection.execute(waiting.order_by(table.c.next_at).limit(1)).scalar()
    return found


def move(connection: Connection, table: Table, row_id: int, fence: int, **changes: object) -> bool:
    """Change a leased row if this fence still holds it; False when it is someone else's."""
    moved = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.fence == fence, table.c.state == "leased")
        .values(lease_owner=None, lease_until=None, **changes)
    )
    return moved.rowcount == 1


def waiting_first(connection: Connection, table: Table, limit: int) -> list[RowMapping]:
    """The rows that wait for longest, at most `limit`."""
    rows = connection.execute(
        select(*table.c)
        .where(table.c.state.in_(("pending", "leased")))
        .order_by(table.c.next_at, table.c.id)
        .limit(limit)
    )
    return list(rows.mappings())


def forget_dead(connection: Connection, table: Table, keep: int, limit: int) -> int:
    """Drop dead rows beyond the newest `keep`, at most `limit` of them; returns how many."""
    beyond = (
        select(table.c.id)
        .where(table.c.state == "dead")
        .order_by(table.c.id.desc())
        .offset(keep)
        .limit(limit)
        .cte("beyond")
    )
    gone = delete(table).where(table.c.id.in_(select(beyond.c.id)), table.c.state == "dead")
    # The returned rows and not the row count: with a CTE that is -1 on SQLite.
    return len(connection.execute(gone.returning(table.c.id)).all())
