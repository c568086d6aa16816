"""Planned events of one name, many at once: a few calls in C for all of them.

rules.py judges one event from its bytes. Here the properties of many events with the same
name are joined into one list, which one decode holds against types, enums and bounds, and
one encode writes again to prove that no key was dropped. What no type can say, instants
and users, is compared column by column. Nothing here finds words for a rejection: at the
first doubt the answer is None, and the caller judges the events one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from liftline.data.events.canonical import MAX_BYTES, REFUSALS, is_surely_unique
from liftline.data.events.contracts import EventSpec, Violation
from liftline.data.events.identity import USER_ID
from liftline.data.events.rules import field_names, is_about_nobody, key_reader, user_reader
from liftline.data.events.timestamps import zulu_instants

Properties = msgspec.Struct
Texts = tuple[str | None, ...]
Column = Callable[[Properties], Any]
Settle = Callable[[list[Properties], Texts], Texts | None]
_encode = msgspec.json.Encoder(order="deterministic").encode


class Shape:
    """One planned event as a type, for judging many of them at once."""

    __slots__ = ("_decode", "_instants", "_settle")

    def __init__(self, spec: EventSpec, values: type[Any]) -> None:
        names = field_names(spec)
        self._decode = msgspec.json.Decoder(list.__class_getitem__(values)).decode
        self._instants: tuple[Column, ...] = tuple(
            attrgetter(names[name])
            for name, wanted in spec.properties.items()
            if wanted.type == "timestamp"
        )
        self._settle = None if is_about_nobody(spec) else _settle_users(spec)

    def hold(
        self, raws: Sequence[msgspec.Raw], users: Texts, instants: Texts
    ) -> tuple[list[Properties], Texts] | None:
        """Properties as structs and the business keys' texts; None when one is in doubt.

        Each struct's JSON, in its own order of fields, is the canonical one. `users` are
        the envelopes' user_ids and `instants` their timestamps, which are known to be
        instants and which properties often repeat.
        """
        joined = b"[%b]" % b",".join(raws)
        if len(joined) > MAX_BYTES:
            return None
        try:
            held: list[Properties] = self._decode(joined)
            # A drop in one event cannot be made up for by another: writing adds no colon.
            if not is_surely_unique(joined, _encode(held)):
                return None
        except REFUSALS:
            return None
        for column in self._instants:
            texts = tuple(map(column, held))
            if texts != instants and zulu_instants(texts) is None:
                return None
        if self._settle is None:
            return held, (None,) * len(held)
        keys = self._settle(held, users)
        return None if keys is None else (held, keys)


def shape_of(spec: EventSpec, values: type[Any]) -> Shape | None:
    """The shape of an event, around its values_type(); None when there can be none.

    That is an open event, whose other properties no struct holds, and a deprecated one,
    whose sender is warned.
    """
    if spec.additional == "keep" or spec.is_deprecated:
        return None
    return Shape(spec, values)


def _settle_users(spec: EventSpec) -> Settle:
    field = field_names(spec).get(USER_ID)
    told: Column | None = attrgetter(field) if field else None
    who, key = user_reader(spec), key_reader(spec)

    def settle(held: list[Properties], users: Texts) -> Texts | None:
        agreed = users
        if not all(users) or (told is not None and tuple(map(told, held)) != users):
            looked_at = list(map(who, held, users))
            agreed = tuple(user for user in looked_at if not isinstance(user, Violation))
            if len(agreed) < len(held):
                return None
        return (None,) * len(held) if key is None else tuple(map(key, held, agreed))

    return settle
