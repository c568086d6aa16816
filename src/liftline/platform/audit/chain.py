"""The hash chain: each entry's hash covers the one before it, so no past can be edited.

Cutting off the newest entries leaves a shorter, valid chain; only a head remembered
elsewhere (`ChainReport.head_hash`, in a digest or a monitor) shows that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from liftline.core.clock import to_utc_text

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recorded change, as stored; `before` and `after` are JSON texts."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: str | None
    after: str | None
    previous_hash: str
    hash: str


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the previous hash and every field, as one unambiguous JSON array."""
    covered = [
        entry.previous_hash,
        entry.seq,
        to_utc_text(entry.at),
        entry.actor,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
    ]
    return hashlib.sha256(msgspec.json.encode(covered)).hexdigest()


def is_linked(previous: Entry | None, entry: Entry) -> bool:
    """Whether this entry follows that one (None: it is the first) and is untouched."""
    expected_hash = previous.hash if previous else GENESIS
    expected_seq = previous.seq + 1 if previous else 1
    return (
        entry.seq == expected_seq
        and entry.previous_hash == expected_hash
        and entry.hash == entry_hash(entry)
    )
