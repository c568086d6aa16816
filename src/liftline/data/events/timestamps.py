"""Which texts are instants: RFC 3339 with a capital T, and Z or an offset with a colon.

Narrower than RFC 3339 where the warehouse's cast is: no lower-case `t` or `z`, no blank
for the T, years 1970 to 9998 so that no offset leaves the calendar. Leap seconds are
refused, as Python and DuckDB refuse them. The text itself is stored as it came.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
SPELLING: Final = "RFC 3339 with an offset, such as 2026-03-01T09:30:00Z"
_convert = msgspec.json.Decoder(Instant).decode


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
