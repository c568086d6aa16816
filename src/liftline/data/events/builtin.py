"""The events every product has without planning them.

`identify`, `page`, `screen`, `group` and `alias` are types of their own on the wire, and
a track event whose name starts with `$` belongs to a client library or to Liftline. Their
properties are free; the bounds of canonical.py hold all the same. Names starting with
`$liftline_` are Liftline's own and come from the system only, so that no client can
forge a record of what the platform did.
"""

from __future__ import annotations

from typing import Final

from liftline.data.events.contracts import EventType, Sender

BUILTIN_TYPES: Final[dict[EventType, str]] = {
    "identify": "who a user is: traits of the person behind user_id",
    "page": "a page of a web site was viewed",
    "screen": "a screen of an app was viewed",
    "group": "a user belongs to a team or an account",
    "alias": "two ids belong to the same person",
}
CLIENT_SENDERS: Final[frozenset[Sender]] = frozenset({"public", "server", "system"})
PLATFORM_PREFIX: Final = "$liftline_"


def builtin_senders(event_type: str, name: str) -> frozenset[Sender] | None:
    """Who may send this built-in event; None when it is not built in."""
    if event_type == "track":
        if not name.startswith("$"):
            return None
        return frozenset({"system"}) if name.startswith(PLATFORM_PREFIX) else CLIENT_SENDERS
    return CLIENT_SENDERS if event_type in BUILTIN_TYPES else None
