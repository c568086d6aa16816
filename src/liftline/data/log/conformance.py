"""What every log adapter must do, as cases that any test runner can call.

Each case takes a fresh `LogUnderTest` and asserts. Run all of CASES against an adapter; an
adapter that breaks a promise of the ports fails at least one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from liftline.core.errors import UnavailableError
from liftline.data.log.contracts import (
    START,
    Frame,
    LogClosedError,
    LogFullError,
    LogReader,
    LogWriter,
    Position,
    PositionBeyondEndError,
)

WAIT_S: Final = 10.0
MANY: Final = 1 << 30


class LogUnderTest(Protocol):
    """One log that a case may open, close and open again."""

    def writer(self, *, max_pending_bytes: int = 1 << 20) -> LogWriter: ...

    def reader(self) -> LogReader: ...


class Receipts:
    """Collects acknowledgements and lets a case wait for them, bounded by WAIT_S."""

    def __init__(self) -> None:
        self.outcomes: list[Position | UnavailableError] = []
        self._arrived = threading.Condition()

    def __call__(self, outcome: Position | UnavailableError) -> None:
        with self._arrived:
            self.outcomes.append(outcome)
            self._arrived.notify_all()

    def wait(self, count: int) -> list[Position | UnavailableError]:
        """The first `count` outcomes. Raises AssertionError when they do not come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.outcomes) >= count, WAIT_S)
        assert came, f"{len(self.outcomes)} of {count} acknowledgements came"
        return list(self.outcomes)


def line(number: int) -> bytes:
    """A record that says its number."""
    return b'{"kind":"event","n":%d}\n' % number


def append_all(writer: LogWriter, numbers: range, *, events: int = 1) -> list[Position]:
    """Append one record per number, each alone, and wait until all are durable."""
    receipts = Receipts()
    for number in numbers:
        writer.append(line(number), records=1, events=events, acknowledge=receipts)
    return [_position(outcome) for outcome in receipts.wait(len(numbers))]


def read_all(
    reader: LogReader, start: Position = START, *, max_records: int = MANY
) -> tuple[bytes, list[Frame], Position]:
    """Everything from `start`, batch by batch."""
    payload = b""
    frames: list[Frame] = []
    while True:
        batch = reader.read(start, max_records=max_records, max_bytes=MANY)
        assert batch.start == start, "a batch says where its read began"
        payload += batch.payload
        frames += batch.frames
        if batch.end == start:
            return payload, frames, start
        assert batch.end > start, "a batch ends behind its start"
        start = batch.end


def _position(outcome: Position | UnavailableError) -> Position:
    assert isinstance(outcome, Position), f"not acknowledged: {outcome}"
    return outcome


def an_empty_log_reads_empty(log: LogUnderTest) -> None:
    batch = log.reader().read(START, max_records=1, max_bytes=1)
    assert (batch.payload, batch.frames, batch.end) == (b"", (), START)
    assert log.reader().stats().next_ordinal == 0


def what_is_acknowledged_is_read_in_order(log: LogUnderTest) -> None:
    writer = log.writer()
    append_all(writer, range(100))
    assert read_all(log.reader())[0] == b"".join(line(number) for number in range(100))
    writer.close()


def records_of_one_append_stay_together(log: LogUnderTest) -> None:
    writer = log.writer()
    receipts = Receipts()
    for start in range(0, 30, 3):
        payload = b"".join(line(number) for number in range(start, start + 3))
        writer.append(payload, records=3, events=3, acknowledge=receipts)
    receipts.wait(10)
    assert read_all(log.reader())[0] == b"".join(line(number) for number in range(30))
    assert writer.stats().next_ordinal == 30
    writer.close()


def an_acknowledged_position_covers_its_record(log: LogUnderTest) -> None:
    writer = log.writer()
    first = append_all(writer, range(1))[0]
    second = append_all(writer, range(1, 2))[0]
    assert START < first < second, "positions rise"
    assert log.reader().stats().durable >= second, "an acknowledged position is durable"
    assert read_all(log.reader(), first)[0] == line(1), "reading goes on behind a position"
    writer.close()


def ordinals_and_counts_are_exact(log: LogUnderTest) -> None:
    writer = log.writer()
    append_all(writer, range(10), events=7)
    _, frames, _ = read_all(log.reader())
    next_ordinal = 0
    for frame in frames:
        assert frame.first_ordinal == next_ordinal, "ordinals leave no gap"
        next_ordinal += frame.records
    assert (next_ordinal, sum(frame.events for frame in frames)) == (10, 70)
    stats = log.reader().stats()
    assert (stats.next_ordinal, stats.events) == (10, 70)
    writer.close()


def a_batch_ends_at_the_first_frame_past_its_bound(log: LogUnderTest) -> None:
    writer = log.writer()
    for number in range(5):
        append_all(writer, range(number, number + 1))
    batch = log.reader().read(START, max_records=2, max_bytes=MANY)
    assert batch.records == 2, "frames of one record each: two are enough"
    small = log.reader().read(START, max_records=MANY, max_bytes=1)
    assert small.records == 1, "at least one frame, however small the bound"
    assert read_all(log.reader(), max_records=1)[0] == read_all(log.reader())[0]
    writer.close()


def the_same_range_reads_the_same(log: LogUnderTest) -> None:
    writer = log.writer()
    append_all(writer, range(20))
    assert read_all(log.reader()) == read_all(log.reader())
    writer.close()


def a_new_writer_goes_on_and_never_reuses_a_position(log: LogUnderTest) -> None:
    seen: list[Position] = []
    for start in range(3):
        writer = log.writer()
        seen += append_all(writer, range(start * 4, start * 4 + 4))
        writer.close()
    assert seen == sorted(seen), "positions rise across writers"
    assert len({position.epoch for position in seen}) == 3, "each writer has its own epoch"
    assert read_all(log.reader())[0] == b"".join(line(number) for number in range(12))
    assert log.reader().stats().next_ordinal == 12


def a_reader_follows_a_log_that_grows(log: LogUnderTest) -> None:
    reader = log.reader()
    position = START
    payload = b""
    for start in range(3):
        writer = log.writer()
        append_all(writer, range(start, start + 1))
        more, _, position = read_all(reader, position)
        payload += more
        writer.close()
    assert payload == b"".join(line(number) for number in range(3))


def a_position_beyond_the_end_is_refused(log: LogUnderTest) -> None:
    writer = log.writer()
    last = append_all(writer, range(3))[-1]
    writer.close()
    for beyond in (last._replace(offset=last.offset + 10_000), Position(last.epoch + 9, 9_999, 0)):
        try:
            log.reader().read(beyond, max_records=1, max_bytes=1)
        except PositionBeyondEndError:
            continue
        raise AssertionError(f"{beyond} was not refused")


def a_closed_log_takes_nothing(log: LogUnderTest) -> None:
    writer = log.writer()
    append_all(writer, range(1))
    writer.close()
    writer.close()
    try:
        writer.append(line(1), records=1, events=1, acknowledge=Receipts())
    except LogClosedError:
        return
    raise AssertionError("a closed log took a record")


def closing_makes_what_waits_durable(log: LogUnderTest) -> None:
    writer = log.writer()
    receipts = Receipts()
    for number in range(50):
        writer.append(line(number), records=1, events=1, acknowledge=receipts)
    writer.close()
    assert len(receipts.wait(50)) == 50
    assert read_all(log.reader())[0] == b"".join(line(number) for number in range(50))


def more_than_the_bound_is_refused(log: LogUnderTest) -> None:
    writer = log.writer(max_pending_bytes=1000)
    try:
        writer.append(b"x" * 1000 + b"\n", records=1, events=1, acknowledge=Receipts())
    except LogFullError as error:
        assert error.retry_after_s > 0
    else:
        raise AssertionError("more than max_pending_bytes was taken")
    append_all(writer, range(1))
    writer.close()


def many_threads_lose_nothing(log: LogUnderTest) -> None:
    writer = log.writer()
    receipts = Receipts()

    def send(start: int) -> None:
        for number in range(start, start + 50):
            writer.append(line(number), records=1, events=1, acknowledge=receipts)

    threads = [threading.Thread(target=send, args=(start,)) for start in range(0, 200, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    receipts.wait(200)
    lines = read_all(log.reader())[0].splitlines(keepends=True)
    assert sorted(lines) == sorted(line(number) for number in range(200))
    writer.close()


def a_payload_that_is_not_lines_is_a_defect(log: LogUnderTest) -> None:
    writer = log.writer()
    try:
        writer.append(b'{"kind":"event"}', records=1, events=1, acknowledge=Receipts())
    except ValueError:
        return
    finally:
        writer.close()
    raise AssertionError("a payload without a newline was taken")


def a_log_keeps_its_id(log: LogUnderTest) -> None:
    ids = set()
    for start in range(2):
        writer = log.writer()
        append_all(writer, range(start, start + 1))
        ids |= {writer.stats().log_id, log.reader().stats().log_id}
        writer.close()
    ids.add(log.reader().stats().log_id)
    assert len(ids) == 1 and "" not in ids, "writers and readers agree on one id for good"


CASES: Final[tuple[Callable[[LogUnderTest], None], ...]] = (
    an_empty_log_reads_empty,
    what_is_acknowledged_is_read_in_order,
    records_of_one_append_stay_together,
    an_acknowledged_position_covers_its_record,
    ordinals_and_counts_are_exact,
    a_batch_ends_at_the_first_frame_past_its_bound,
    the_same_range_reads_the_same,
    a_new_writer_goes_on_and_never_reuses_a_position,
    a_reader_follows_a_log_that_grows,
    a_position_beyond_the_end_is_refused,
    a_closed_log_takes_nothing,
    closing_makes_what_waits_durable,
    more_than_the_bound_is_refused,
    many_threads_lose_nothing,
    a_payload_that_is_not_lines_is_a_defect,
    a_log_keeps_its_id,
)
