"""Goal: a world is a pure, ordered stream that can be entered at any instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from liftline_demo.arrivals import EVENTS_PER_NEWCOMER, EVENTS_PER_REGULAR_VISIT, Live, Window
from liftline_demo.truth import GroundTruth
from liftline_demo.world import World, midnight

if TYPE_CHECKING:
    from tests.unit.demo.conftest import Tally

START = datetime(2026, 3, 2, tzinfo=UTC)
SMALL = GroundTruth(sign_ups_per_day=20, regular_visits_per_hour=1)
DAY = timedelta(days=1)


def lively(seam: datetime, watched: datetime, events_per_s: float) -> Live:
    return Live(
        since_ms=int(seam.timestamp() * 1000),
        watched=(Window(since_ms=int(watched.timestamp() * 1000)),),
        events_per_s=events_per_s,
    )


def small(seed: int = 1, live: Live | None = None) -> World:
    return World(seed, START, SMALL, live)


def test_the_same_seed_tells_the_same_story() -> None:
    once = list(small().happenings(START, START + 3 * DAY))
    again = list(small().happenings(START, START + 3 * DAY))
    assert once == again
    assert len(once) > 500
    other = {happening.message_id for happening in small(2).happenings(START, START + 3 * DAY)}
    assert other.isdisjoint(happening.message_id for happening in once)


def test_worlds_of_two_days_share_no_id() -> None:
    tomorrow = World(1, START + DAY, SMALL)
    ids = {happening.message_id for happening in small().happenings(START, START + 2 * DAY)}
    users = {happening.person.user_id for happening in small().happenings(START, START + 2 * DAY)}
    for happening in tomorrow.happenings(START + DAY, START + 2 * DAY):
        assert happening.message_id not in ids
        assert happening.person.user_id not in users


def test_time_never_runs_back_and_ids_are_unique() -> None:
    story = list(small().happenings(START, START + 5 * DAY))
    instants = [happening.at_ms for happening in story]
    assert instants == sorted(instants)
    assert len({happening.message_id for happening in story}) == len(story)


@pytest.mark.parametrize("hours", [1, 31, 77.5, 100])
def test_entering_late_tells_the_same_rest(hours: float) -> None:
    enter = START + timedelta(hours=hours)
    end = START + 5 * DAY
    whole = [h for h in small().happenings(START, end) if h.at_ms >= enter.timestamp() * 1000]
    rest = list(small().happenings(enter, end))
    assert sorted(h.message_id for h in rest) == sorted(h.message_id for h in whole)
    assert {h.message_id: h for h in rest} == {h.message_id: h for h in whole}


def test_lives_go_on_across_the_seam() -> None:
    seam = START + 2 * DAY
    world = small(live=lively(seam, seam, 0.2))
    history = list(world.happenings(START, seam))
    assert history == list(small().happenings(START, seam))
    known = {happening.person.user_id for happening in history if not happening.person.is_regular}
    after = {happening.person.user_id for happening in world.happenings(seam, seam + DAY)}
    assert len(known & after) > 10


def test_the_live_phase_keeps_its_rate() -> None:
    seam = START + DAY
    world = World(1, START, GroundTruth(), lively(seam, seam, 2.0))
    hours = 3
    events = sum(1 for _ in world.happenings(seam, seam + timedelta(hours=hours)))
    assert 0.75 * 2 * 3600 * hours < events < 1.25 * 2 * 3600 * hours


def test_regulars_are_only_there_for_who_watches() -> None:
    seam = START + DAY
    watched = seam + timedelta(hours=5)
    world = small(live=lively(seam, watched, 1.0))
    before = [h for h in world.happenings(seam, watched) if h.person.is_regular]
    after = [
        h for h in world.happenings(watched, watched + timedelta(hours=1)) if h.person.is_regular
    ]
    assert len(after) > 500
    assert len(before) < 100


def test_the_stated_averages_hold(demo_tally: Tally) -> None:
    hours = 24 * 24
    visits = GroundTruth().regular_visits_per_hour * hours
    assert demo_tally.regular_events / visits == pytest.approx(EVENTS_PER_REGULAR_VISIT, rel=0.05)
    told = demo_tally.newcomer_events / len(demo_tally.signed_up_ms)
    assert EVENTS_PER_NEWCOMER * 0.85 < told < EVENTS_PER_NEWCOMER * 1.05


def test_five_weeks_are_as_large_as_promised(demo_tally: Tally) -> None:
    assert 150_000 < demo_tally.happenings * 35 / 24 < 250_000


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        World(1, datetime(2026, 3, 2), SMALL)  # noqa: DTZ001 - the point of the test
    assert midnight(datetime(2026, 3, 2, 23, 59, tzinfo=UTC)) == START
