"""Goal: every instant is UTC and aware, and conversions are exact to the microsecond."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftline.core.clock import ManualClock, SystemClock, from_micros, to_micros, to_utc_text

AWARE = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis takes bounds without a zone
    max_value=datetime(9990, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(AWARE)
def test_micros_round_trip(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant


def test_naive_instants_are_refused_everywhere() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the thing that must be refused
    for convert in (to_micros, to_utc_text, ManualClock):
        with pytest.raises(ValueError, match="aware|naive"):
            convert(naive)


def test_text_is_utc_with_z_whatever_the_zone() -> None:
    denver = timezone(timedelta(hours=-6))
    assert to_utc_text(datetime(2026, 7, 1, 9, 35, tzinfo=denver)) == "2026-07-01T15:35:00.000000Z"


def test_a_jump_moves_the_wall_clock_alone() -> None:
    clock = ManualClock()
    before = clock.now()
    clock.jump(timedelta(hours=-3))
    assert clock.now() == before - timedelta(hours=3)
    assert clock.monotonic_s() == 0
    clock.advance(timedelta(seconds=2))
    assert clock.monotonic_s() == 2


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert SystemClock().monotonic_s() <= SystemClock().monotonic_s()
