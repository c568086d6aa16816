"""Live events: what was accepted and what was set aside, newest first, with the reason."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from liftline.data.warehouse.contracts import Scalar, Warehouse, WarehouseAwayError
from liftline.report.dashboards.asking import ask, instant, text, text_or_none, whole
from liftline.report.dashboards.contracts import (
    EventDetail,
    LiveEvent,
    LiveEvents,
    Rejection,
)
from liftline.report.dashboards.errors import UnknownEventError
from liftline.report.dashboards.scope import Scope

LIMIT: Final = 50
RECENT: Final = timedelta(minutes=5)
RAW_BASE64_MAX: Final = 8_192
BEGINNING: Final = -1


def read_live(
    warehouse: Warehouse, scope: Scope, after: int, name: str | None, now: datetime
) -> LiveEvents:
    """Up to 50 accepted and 50 set aside after a place in the log, newest first.

    A client that polls slower than 50 records come misses those in between: the page shows
    what is new, the ledger counts everything.
    """
    parameters = {**scope.place(), "after": after, "name": name, "limit": LIMIT}
    answer = ask(warehouse, "accepted", parameters)
    accepted = tuple(_event(row) for row in answer.rows)
    aside = ask(warehouse, "rejected", {**parameters, "raw_base64_max": RAW_BASE64_MAX})
    rejected = tuple(_rejection(row) for row in aside.rows)
    places = [event.ordinal for event in accepted] + [one.ordinal for one in rejected]
    recent = ask(warehouse, "recent", {**scope.place(), "since": now - RECENT}).rows[0]
    has_any = bool(recent[2]) and (name is None or bool(accepted or rejected or after >= 0))
    return LiveEvents(
        state="ok" if has_any else "empty",
        as_of=answer.as_of,
        is_simulated=scope.is_simulated,
        sentence=recent_sentence(whole(recent[0]), whole(recent[1])),
        newest_ordinal=max([after, *places]),
        accepted=accepted,
        rejected=rejected,
    )


def recent_sentence(accepted: int, rejected: int) -> str:
    """The page's first line."""
    if accepted + rejected == 0:
        return "No event arrived in the last 5 minutes"
    turned = f"{rejected:,} rejected" if rejected else "none rejected"
    return f"{accepted:,} event{'s' if accepted != 1 else ''} accepted and {turned} in 5 minutes"


def away_live(away: WarehouseAwayError, scope: Scope, after: int) -> LiveEvents:
    """Nothing new while the warehouse is away; what the page has stays."""
    return LiveEvents(
        state="away",
        is_simulated=scope.is_simulated,
        sentence="The warehouse does not answer",
        cure=away.cure,
        newest_ordinal=after,
    )


def stale_live(last: LiveEvents, away: WarehouseAwayError) -> LiveEvents:
    """The last page that was read, marked as such."""
    return replace(last, state="away", sentence="The warehouse does not answer", cure=away.cure)


def read_event(warehouse: Warehouse, scope: Scope, ordinal: int) -> EventDetail:
    """One event. Raises UnknownEventError; another project's event is unknown here."""
    answer = ask(warehouse, "event", {**scope.place(), "ordinal": ordinal})
    if not answer.rows:
        raise UnknownEventError(facts={"ordinal": ordinal})
    row = answer.rows[0]
    return EventDetail(
        as_of=answer.as_of,
        is_simulated=scope.is_simulated,
        event=_event(row),
        properties=indented(text(row[14])),
        context=indented(text(row[15])),
    )


def indented(document: str) -> str:
    """JSON text for people. The door made it canonical, so no number loses a digit here."""
    return json.dumps(json.loads(document), indent=2, ensure_ascii=False)


def raw_text(raw_base64: str | None) -> str | None:
    """What came, as text; bytes that are no UTF-8 show as the replacement character."""
    if raw_base64 is None:
        return None
    try:
        raw = base64.b64decode(raw_base64)
    except binascii.Error:
        return raw_base64
    is_cut = len(raw_base64) >= RAW_BASE64_MAX
    return raw.decode("utf-8", "replace") + (" … (cut)" if is_cut else "")


def _event(row: Sequence[Scalar]) -> LiveEvent:
    return LiveEvent(
        ordinal=whole(row[0]),
        received_at=instant(row[1]),
        event_at=instant(row[2]),
        type=text(row[3]),
        name=text(row[4]),
        source_id=text(row[5]),
        sender=text(row[6]),
        user_id=text_or_none(row[7]),
        anonymous_id=text_or_none(row[8]),
        message_id=text(row[9]),
        is_planned=bool(row[10]),
        is_historical=bool(row[11]),
        is_semantic_duplicate=bool(row[12]),
        preview=text(row[13]),
    )


def _rejection(row: Sequence[Scalar]) -> Rejection:
    return Rejection(
        ordinal=whole(row[0]),
        kind=text(row[1]),
        received_at=instant(row[2]),
        code=text(row[3]),
        message=text(row[4]),
        cure=text(row[5]),
        name=text_or_none(row[6]),
        source_id=text(row[7]),
        message_id=text_or_none(row[8]),
        events=whole(row[9]),
        raw=raw_text(text_or_none(row[10])),
    )
