"""Goal: a change and its entry are one transaction, and no entry can be altered unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from liftline.platform.audit.api import (
    BROKEN_AT,
    Change,
    EntryTooLargeError,
    recent,
    record,
    verify_chain,
)
from liftline.platform.state.contracts import StateStore

AT = datetime(2026, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)
CHANGE = Change(
    actor="person:acc_1",
    action="key.revoke",
    subject="key:k1",
    before={"state": "live"},
    after={"state": "revoked", "origins": ["https://a.example"]},
    at=AT,
)


def fill(store: StateStore, count: int = 3) -> None:
    with store.write() as connection:
        for number in range(count):
            record(connection, replace(CHANGE, subject=f"key:k{number}"))


def alter_behind_our_back(store: StateStore, statement: str) -> None:
    """What someone with the database in their hands can do: go around the triggers."""
    around = (
        ("drop trigger audit_log_no_update", "drop trigger audit_log_no_delete")
        if store.dialect == "sqlite"
        else ("set local session_replication_role = replica",)
    )
    with store.write() as connection:
        for line in (*around, statement):
            connection.execute(text(line))


def test_entries_are_numbered_chained_and_read_back(store: StateStore) -> None:
    fill(store)
    with store.read() as connection:
        found = recent(connection)
        report = verify_chain(connection)
    assert [entry.seq for entry in found] == [3, 2, 1]
    assert found[0].previous_hash == found[1].hash
    assert (found[0].at, found[0].before) == (AT, '{"state":"live"}')
    assert report.is_intact
    assert (report.entries, report.head_seq, report.head_hash) == (3, 3, found[0].hash)


def test_an_entry_goes_with_its_change(store: StateStore) -> None:
    def fail_after_recording() -> None:
        with store.write() as connection:
            record(connection, CHANGE)
            raise KeyError("the change failed")

    with pytest.raises(KeyError):
        fail_after_recording()
    with store.read() as connection:
        assert recent(connection) == []


@pytest.mark.parametrize(
    "statement",
    ["update audit_log set actor = 'x'", "delete from audit_log where seq = 2"],
)
def test_the_database_refuses_to_alter_entries(store: StateStore, statement: str) -> None:
    fill(store)

    def alter() -> None:
        with store.write() as connection:
            connection.execute(text(statement))

    with pytest.raises(DBAPIError, match="append-only"):
        alter()
    with store.read() as connection:
        assert verify_chain(connection).is_intact


@pytest.mark.parametrize(
    ("statement", "broken_seq"),
    [
        ("update audit_log set actor = 'person:other' where seq = 2", 2),
        ("update audit_log set after = null where seq = 3", 3),
        ("delete from audit_log where seq = 2", 3),
        ("delete from audit_log where seq = 1", 2),
    ],
)
def test_canary_an_altered_record_is_found(
    store: StateStore, statement: str, broken_seq: int
) -> None:
    fill(store)
    alter_behind_our_back(store, statement)
    with store.read() as connection:
        report = verify_chain(connection)
    assert report.broken_seq == broken_seq
    assert BROKEN_AT._value.get() == broken_seq


def test_pages_turn_by_number_and_filter_by_subject(store: StateStore) -> None:
    fill(store, 5)
    with store.read() as connection:
        first = recent(connection, limit=2)
        second = recent(connection, limit=2, before_seq=first[-1].seq)
        one = recent(connection, subject="key:k0")
        bounded = recent(connection, limit=10_000)
    assert [entry.seq for entry in (*first, *second)] == [5, 4, 3, 2]
    assert [entry.subject for entry in one] == ["key:k0"]
    assert len(bounded) == 5


def test_a_value_over_the_bound_is_refused(store: StateStore) -> None:
    def too_large() -> None:
        with store.write() as connection:
            record(connection, replace(CHANGE, after={"document": "x" * 70_000}))

    with pytest.raises(EntryTooLargeError):
        too_large()
