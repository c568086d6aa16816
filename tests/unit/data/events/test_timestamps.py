"""Goal: an instant is accepted only in spellings that every later reader understands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from liftline.data.events.timestamps import is_instant, zulu_instants


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T09:30:00Z", "2026-03-02T09:30:00.5+01:00", "1970-01-01T00:00:00-23:59",
     "2024-02-29T23:59:59.123456789Z", "2026-03-02T09:30:00-00:00"],
)  # fmt: skip
def test_rfc_3339_with_an_offset_is_an_instant(text: str) -> None:
    assert is_instant(text)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-03-02", "2026-03-02T09:30:00", "2026-03-02T09:30Z", "2026-02-29T00:00:00Z",
     "2026-03-02T24:00:00Z", "2026-03-02T09:30:60Z", "2026-03-02t09:30:00Z", "20260302T093000Z",
     "2026-03-02T09:30:00z", "2026-03-02 09:30:00Z", "2026-03-02T09:30:00+0100",
     "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2026-03-02T09:30:00+24:00",
     "2026-03-02T09:30:00,5Z", " 2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z ", "1772443800"],
)  # fmt: skip
def test_anything_else_is_not(text: str) -> None:
    assert not is_instant(text)


def test_all_at_once_is_never_more_generous() -> None:
    plain = "2026-03-02T09:30:00.123456Z"
    told = zulu_instants([plain, "1970-01-01T00:00:00Z"])
    assert told == [datetime(2026, 3, 2, 9, 30, 0, 123456, UTC), datetime(1970, 1, 1, tzinfo=UTC)]
    for odd in (None, "", "soon", "2026-03-02T09:30:00.1234567Z", "2026-03-02T09:30:00+00:00",
                "2026-03-02t09:30:00Z", "2026-03-02T09:30:00z", "2026-03-02 09:30:00Z",
                "2026-03-02T09:30:00,5Z", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
                "2026-03-02_09:30:00Z", "2026-02-30T00:00:00Z"):  # fmt: skip
        assert zulu_instants([plain, odd]) is None, odd
