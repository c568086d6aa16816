"""Writing and reading the record of who changed what.

`record` runs on the caller's open connection, so the change and its entry are one
transaction. Nobody updates or deletes entries: triggers on both engines refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec
from prometheus_client import Counter, Gauge

from liftline.core.errors import InvalidError
from liftline.platform.audit import store
from liftline.platform.audit.chain import GENESIS, Entry, entry_hash, is_linked
from liftline.platform.state.contracts import Connection

__all__ = ["Change", "ChainReport", "Entry", "recent", "record", "verify_chain"]

Fact = str | int | float | bool | None | Sequence[str]

PAGE_MAX: Final = 200
VALUE_BYTES_MAX: Final = 64 * 1024
_VERIFY_BATCH: Final = 500

ENTRIES: Final = Counter("liftline_audit_entries", "Audit entries written.", ["action"])
BROKEN_AT: Final = Gauge(
    "liftline_audit_broken_at_seq", "First audit entry that does not fit the chain; 0 when none."
)


class EntryTooLargeError(InvalidError):
    """An audit entry's before or after is too large to keep."""

    code = "audit.too_large"
    default_cure = "record what changed, not the whole document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is about to be true. `action` is `noun.verb`, `subject` is `noun:id`.

    Never put a secret, a password or a key's text into `before` or `after`.
    """

    actor: str
    action: str
    subject: str
    before: Mapping[str, Fact] | None = None
    after: Mapping[str, Fact] | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What a walk along the chain found; `broken_seq` is the first entry that does not fit."""

    entries: int
    head_seq: int
    head_hash: str
    broken_seq: int | None

    @property
    def is_intact(self) -> bool:
        """Whether no entry was changed, removed or slipped in before the head."""
        return self.broken_seq is None


def record(connection: Connection, change: Change) -> Entry:
    """Append one entry in the caller's transaction; entries are numbered without gaps."""
    head = store.head(connection)
    unsealed = Entry(
        seq=head[0] + 1 if head else 1,
        at=change.at,
        actor=change.actor,
        action=change.action,
        subject=change.subject,
        before=_json(change.before),
        after=_json(change.after),
        previous_hash=head[1] if head else GENESIS,
        hash="",
    )
    entry = replace(unsealed, hash=entry_hash(unsealed))
    store.append(connection, entry)
    ENTRIES.labels(action=entry.action).inc()
    return entry


def recent(
    connection: Connection,
    *,
    before_seq: int | None = None,
    subject: str | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Entries, newest first; `before_seq` turns the page. At most PAGE_MAX."""
    return store.newest(connection, before_seq, subject, max(1, min(limit, PAGE_MAX)))


def verify_chain(connection: Connection) -> ChainReport:
    """Walk the whole chain from its first entry; one pass in batches, no entry is trusted."""
    previous: Entry | None = None
    count = 0
    while True:
        batch = store.entries_after(connection, previous.seq if previous else None, _VERIFY_BATCH)
        if not batch:
            BROKEN_AT.set(0)
            head_seq, head_hash = (previous.seq, previous.hash) if previous else (0, GENESIS)
            return ChainReport(
                entries=count, head_seq=head_seq, head_hash=head_hash, broken_seq=None
            )
        for entry in batch:
            if not is_linked(previous, entry):
                BROKEN_AT.set(entry.seq)
                return ChainReport(
                    entries=count,
                    head_seq=previous.seq if previous else 0,
                    head_hash=previous.hash if previous else GENESIS,
                    broken_seq=entry.seq,
                )
            previous = entry
            count += 1


def _json(facts: Mapping[str, Fact] | None) -> str | None:
    if facts is None:
        return None
    encoded = msgspec.json.encode(facts, order="sorted")
    if len(encoded) > VALUE_BYTES_MAX:
        raise EntryTooLargeError(facts={"size_bytes": len(encoded)})
    return encoded.decode()
