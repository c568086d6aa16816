"""Rejected events as lines of the log, with a cap per source and hour on what is kept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from liftline.core.ids import Environment
from liftline.data.collect.contracts import Limits
from liftline.data.events.contracts import RejectedRecord, Violation

HOUR_S: Final = 3600.0
FLUSH_S: Final = 1.0
MAX_SOURCES: Final = 10_000
"""More sources than this in one hour share the caps of the last ones."""


class Letter(NamedTuple):
    """One rejection and the bytes it was made of."""

    violation: Violation
    message_id: str | None
    name: str | None
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Whose rejections these are, and when they came."""

    project: str
    environment: Environment
    source_id: str
    received_at: datetime
    plan_version: int


@dataclass(slots=True)
class _Spent:
    hour: int
    letters: int = 0
    size_bytes: int = 0


class DeadLetterOffice:
    """Decides which rejections keep their bytes.

    Past a source's cap rejections are counted: one line per source and code holds the count,
    written by flush() at most once in FLUSH_S, so that received = accepted + rejected holds
    and no sender can fill the disk. A count that is not written yet is lost with the process.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._spent: dict[str, _Spent] = {}
        self._counts: dict[tuple[str, str, str, str], RejectedRecord] = {}
        self._flushed_s = -FLUSH_S
        self.capped = 0

    def records(
        self, letters: Sequence[Letter], sent: Sent, now_s: float
    ) -> tuple[list[RejectedRecord], list[RejectedRecord]]:
        """Lines to write for these rejections, and counts for count() once those are durable.

        `now_s` is a monotonic clock's reading.
        """
        spent = self._spent_by(sent.source_id, int(now_s // HOUR_S))
        kept: list[RejectedRecord] = []
        counted: dict[str, tuple[Letter, int, int]] = {}
        for letter in letters:
            raw = letter.raw[: self._limits.event_bytes]
            is_kept = (
                spent.letters < self._limits.dead_letters_per_hour
                and spent.size_bytes + len(raw) <= self._limits.dead_letter_bytes_per_hour
            )
            if is_kept:
                spent.letters += 1
                spent.size_bytes += len(raw)
                kept.append(_record(letter, sent, b64encode(raw).decode("ascii")))
                continue
            first, events, size_bytes = counted.get(letter.violation.code, (letter, 0, 0))
            counted[letter.violation.code] = first, events + 1, size_bytes + len(letter.raw)
        return kept, [_counting(letter, sent, *more) for letter, *more in counted.values()]

    def count(self, counts: Sequence[RejectedRecord]) -> None:
        """Keep these counts for the next flush."""
        for record in counts:
            name = record.project, record.environment, record.source_id, record.code
            before = self._counts.get(name)
            self.capped += record.events
            self._counts[name] = record if before is None else _sum(before, record)

    def flush(
        self,
        write: Callable[[list[RejectedRecord]], None],
        now_s: float,
        *,
        is_last: bool = False,
    ) -> None:
        """Hand the counts to `write` when they are due. They are kept when it raises."""
        if not self._counts or (now_s - self._flushed_s < FLUSH_S and not is_last):
            return
        write(list(self._counts.values()))
        self._counts.clear()
        self._flushed_s = now_s

    def _spent_by(self, source_id: str, hour: int) -> _Spent:
        spent = self._spent.get(source_id)
        if spent is None or spent.hour != hour:
            if len(self._spent) >= MAX_SOURCES:
                self._spent = {k: v for k, v in self._spent.items() if v.hour == hour}
            if len(self._spent) >= MAX_SOURCES:
                source_id = ""
            spent = self._spent.get(source_id)
            if spent is None or spent.hour != hour:
                spent = self._spent[source_id] = _Spent(hour)
        return spent


def _record(letter: Letter, sent: Sent, raw_base64: str) -> RejectedRecord:
    return RejectedRecord(
        project=sent.project,
        environment=sent.environment,
        source_id=sent.source_id,
        message_id=_short(letter.message_id),
        name=_short(letter.name),
        code=letter.violation.code,
        message=_short(letter.violation.message) or "",
        cure=_short(letter.violation.cure) or "",
        raw_base64=raw_base64,
        raw_size_bytes=len(letter.raw),
        received_at=sent.received_at,
        plan_version=sent.plan_version,
    )


def _counting(letter: Letter, sent: Sent, events: int, size_bytes: int) -> RejectedRecord:
    return RejectedRecord(
        project=sent.project,
        environment=sent.environment,
        source_id=sent.source_id,
        message_id=None,
        name=None,
        code=letter.violation.code,
        message=_short(letter.violation.message) or "",
        cure=_short(letter.violation.cure) or "",
        raw_base64=None,
        raw_size_bytes=size_bytes,
        received_at=sent.received_at,
        plan_version=sent.plan_version,
        events=events,
    )


def _sum(one: RejectedRecord, other: RejectedRecord) -> RejectedRecord:
    """The newer record, for the events of both."""
    return msgspec.structs.replace(
        other,
        events=one.events + other.events,
        raw_size_bytes=one.raw_size_bytes + other.raw_size_bytes,
    )


MAX_TEXT: Final = 500


def _short(text: str | None) -> str | None:
    """A text for the log: bounded, and without half characters that no encoder takes."""
    if text is None:
        return None
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
