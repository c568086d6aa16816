"""Goal: the nightly walk finds an altered record by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from liftline.platform.audit.api import BROKEN_AT, Change, record
from liftline.platform.audit.jobs import verify
from liftline.platform.state.contracts import StateStore


def test_the_walk_sets_the_gauge(sqlite_store: StateStore) -> None:
    def provide(port: type[Any], /) -> Any:
        return {StateStore: sqlite_store}[port]

    at = datetime(2026, 1, 1, tzinfo=UTC)
    with sqlite_store.write() as connection:
        record(connection, Change(actor="a", action="key.create", subject="key:1", at=at))
    verify(provide)
    assert BROKEN_AT._value.get() == 0
    with sqlite_store.write() as connection:
        connection.execute(text("drop trigger audit_log_no_update"))
        connection.execute(text("update audit_log set actor = 'b'"))
    verify(provide)
    assert BROKEN_AT._value.get() == 1
