"""Goal: what is due goes as history or live, in whole milliseconds, and the doubtful as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

import msgspec

from liftline_demo.dirt import Delivery, deliveries
from liftline_demo.pace import CATCH_UP_AFTER_MS, HISTORY_BATCH, LEAST_BURST, Pace
from liftline_demo.progress import Phase, Progress
from liftline_demo.truth import GroundTruth
from liftline_demo.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
SEAM_MS = 1_000_000_000
ONE = next(
    deliveries(
        World(1, START, GroundTruth()),
        int(START.timestamp() * 1000) - 1,
        START + timedelta(hours=2),
    )
)


def progress(doubtful_ms: int = 0, phase: Phase = "history") -> Progress:
    return Progress(
        seed=1,
        start_ms=0,
        live_since_ms=SEAM_MS,
        watched_since_ms=SEAM_MS,
        sent_through_ms=0,
        doubtful_through_ms=doubtful_ms,
        doubtful_phase=phase,
    )


def stream(*due_ms: int) -> Iterator[Delivery]:
    return (
        msgspec.structs.replace(ONE, deliver_at_ms=at_ms)
        for at_ms in chain(due_ms, (SEAM_MS * 10,))
    )


def test_history_ends_at_the_seam() -> None:
    pace = Pace(stream(1, 2, SEAM_MS - 1, SEAM_MS, SEAM_MS + 1), progress(), 5)
    history = pace.due(SEAM_MS + 5)
    live = pace.due(SEAM_MS + 5)
    assert history is not None
    assert live is not None
    assert (history.phase, len(history.members), history.through_ms) == ("history", 3, SEAM_MS - 1)
    assert (live.phase, len(live.members), live.through_ms) == ("live", 2, SEAM_MS + 1)
    assert pace.due(SEAM_MS + 5) is None
    assert pace.next_due_ms == SEAM_MS * 10


def test_nothing_goes_before_it_is_due() -> None:
    pace = Pace(stream(SEAM_MS + 10), progress(), 5)
    assert pace.due(SEAM_MS + 9) is None
    assert pace.due(SEAM_MS + 10) is not None


def test_chunks_are_bounded_and_split_no_millisecond() -> None:
    history = Pace(stream(*[7] * (HISTORY_BATCH + 50), 8), progress(), 5)
    chunk = history.due(SEAM_MS)
    assert chunk is not None
    assert len(chunk.members) == HISTORY_BATCH + 50
    live = Pace(stream(*range(SEAM_MS, SEAM_MS + 100)), progress(), 0.1)
    first = live.due(SEAM_MS + 1_000)
    assert first is not None
    assert len(first.members) == LEAST_BURST


def test_long_overdue_is_history_and_a_little_overdue_is_late() -> None:
    pace = Pace(stream(SEAM_MS, SEAM_MS + 2), progress(), 5)
    chunk = pace.due(SEAM_MS + CATCH_UP_AFTER_MS + 1)
    assert chunk is not None
    assert (chunk.phase, len(chunk.members)) == ("history", 1)
    late = pace.due(SEAM_MS + CATCH_UP_AFTER_MS + 1)
    assert late is not None
    assert late.phase == "live"


def test_what_is_in_doubt_goes_again_as_it_went() -> None:
    now_ms = SEAM_MS + 50 * CATCH_UP_AFTER_MS
    pace = Pace(stream(SEAM_MS, SEAM_MS + 1), progress(SEAM_MS, "live"), 5)
    doubtful = pace.due(now_ms)
    overdue = pace.due(now_ms)
    assert doubtful is not None
    assert overdue is not None
    assert (doubtful.phase, doubtful.through_ms) == ("live", SEAM_MS)
    assert (overdue.phase, overdue.through_ms) == ("history", SEAM_MS + 1)
