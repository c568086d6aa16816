"""Who an event is about, and what makes it the same fact as another.

An event may carry user_id twice: in the envelope and as a property. They must agree.
Where only one is there, it counts: the envelope's, else the property's. An empty text is
no user, and a property that the plan does not name says nothing. A business key reads
`user_id` by the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from liftline.data.events.canonical import shown
from liftline.data.events.contracts import EventSpec, Violation

USER_ID = "user_id"


def agreed_user(
    spec: EventSpec, in_properties: object, in_envelope: str | None
) -> str | None | Violation:
    """The user both places agree on; None when neither names one and none is needed."""
    told = in_properties if isinstance(in_properties, str) and in_properties else None
    if told is not None and in_envelope and told != in_envelope:
        return Violation(
            code="user_id_mismatch",
            message=f"{spec.name}: the envelope says user_id {shown(in_envelope)}, "
            f"the property user_id says {shown(told)}",
            cure="send the same user_id in both places, or in one of them",
        )
    user = in_envelope or told
    if user is None and needs_user(spec):
        return Violation(
            code="user_id_missing",
            message=f"{spec.name} needs to know its user, and no user_id came",
            cure=_cure(spec),
        )
    return user


def needs_user(spec: EventSpec) -> bool:
    return spec.requires_user_id or USER_ID in spec.business_key


def key_text(spec: EventSpec, user: str | None, values: Mapping[str, object]) -> str | None:
    """The canonical JSON array of the business key's values; None for an event without one."""
    if not spec.business_key:
        return None
    parts = [user if name == USER_ID else values[name] for name in spec.business_key]
    return msgspec.json.encode(parts).decode()


def _cure(spec: EventSpec) -> str:
    where = "as `user_id` beside the event's name"
    if USER_ID in spec.properties:
        where += " or as the property user_id"
    return f"send it {where}; an event of someone not signed in belongs to another name"
