"""Goal: durations and sizes read as people write them, and nonsense is refused."""

from datetime import timedelta

import pytest

from liftline.core.units import BadDurationError, duration, size_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15min", timedelta(minutes=15)),
        ("24h", timedelta(days=1)),
        ("1.5 d", timedelta(hours=36)),
        ("250ms", timedelta(milliseconds=250)),
        ("2w", timedelta(days=14)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "15", "min", "-3h", "1 month", "24hh"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(BadDurationError):
        duration(text)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5.0 TiB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
