"""Which texts are instants: RFC 3339 with a capital T, and Z or an offset with a colon.

Narrower than RFC 3339 where the warehouse's cast is: no lower-case `t` or `z`, no blank
for the T, years 1970 to 9998 so that no offset leaves the calendar. Leap seconds are
refused, as Python and DuckDB refuse them. The text itself is stored as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, cast

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
SPELLING: Final = "RFC 3339 with an offset, such as 2026-03-01T09:30:00Z"
MICROSECONDS_LENGTH: Final = len("2026-03-01T09:30:00.123456Z")
_convert = msgspec.json.Decoder(Instant).decode
_convert_all = msgspec.json.Decoder(list[Instant]).decode


def is_spelled_well(text: str) -> bool:
    """The part of the rule that msgspec's datetime does not check; needs 20 characters."""
    return "1970" <= text < "9999" and text[10] == "T" and (text[-1] == "Z" or text[-3] == ":")


def is_instant(text: str) -> bool:
    """Whether a text is an instant by the rule above."""
    try:
        _convert(msgspec.json.encode(text))
    except (msgspec.MsgspecError, ValueError):
        return False
    return is_spelled_well(text)


def zulu_instants(texts: Sequence[str | None]) -> list[datetime] | None:
    """The instants of all texts, in UTC; None when one may be no instant by the rule above.

    Meant for the spelling that most senders use, `Z` and at most microseconds, of which it
    takes a batch in one C call: 0.1 us a text, four times faster than one by one. The rest
    of the rule is shown for all at once: the decoder takes one of `Tt_` and one of `Zz` or
    an offset, so as many `T` and `Z` as texts means one of each in every text.
    """
    try:
        found = _convert_all(msgspec.json.encode(texts))
        known = cast(Sequence[str], texts)
        joined = "".join(known)
    except (msgspec.MsgspecError, ValueError, TypeError):
        return None
    count = len(texts)
    if joined.count("T") != count or joined.count("Z") != count:
        return None
    is_within = min(known) >= "1970" and max(known) < "9999"
    return found if is_within and max(map(len, known)) <= MICROSECONDS_LENGTH else None
