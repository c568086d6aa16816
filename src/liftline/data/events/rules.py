"""One event of the plan, compiled: raw properties in, verdict out.

Each event becomes a msgspec struct type with its fields in sorted order, so that one
decode validates and one encode gives the canonical bytes. The struct never changes how a
value is written (an integer stays an integer in a `number` property, a timestamp stays
the client's text): see canonical.py for why. What the struct refuses goes to
diagnosis.py, which decides exactly and finds the words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec

from liftline.data.events.canonical import (
    INT_MAX,
    INT_MIN,
    JSON_OBJECT,
    JSON_VALUE,
    MAX_BYTES,
    REFUSALS,
    canonical_object,
    encode_sorted,
    is_surely_unique,
)
from liftline.data.events.contracts import Checked, EventSpec, PropertySpec, Violation
from liftline.data.events.diagnosis import deprecation, examine
from liftline.data.events.identity import USER_ID, agreed_user, needs_user
from liftline.data.events.timestamps import Instant, is_spelled_well

Rule = Callable[[bytes, str | None], Checked | Violation]
Values = Any
Decode = Callable[[bytes], Values]
_encode_in_order = msgspec.json.Encoder().encode
_NESTED = frozenset({"array", "object", "any"})


def compile_rule(spec: EventSpec, values: type[Values] | None = None) -> Rule:
    """The check of one event: (raw properties, the envelope's user_id) -> verdict.

    `values` is the event's values_type(), where the caller needs it as well.
    """
    decode = _decoder(spec, values or values_type(spec))
    if spec.additional == "keep":
        return _open_rule(spec, decode)
    if is_about_nobody(spec):
        return _closed_rule(spec, decode)
    return _closed_rule_about_someone(spec, decode)


def is_about_nobody(spec: EventSpec) -> bool:
    """Whether no user can matter to the event: neither needed, nor a property, nor a key."""
    return not (needs_user(spec) or spec.business_key or USER_ID in spec.properties)


def _closed_rule(spec: EventSpec, decode: Decode) -> Rule:
    encode, warning = _encoder(spec), deprecation(spec)

    def rule(raw: bytes, user_id: str | None) -> Checked | Violation:
        if len(raw) <= MAX_BYTES:
            try:
                canonical = encode(decode(raw))
            except REFUSALS:
                return examine(spec, raw, user_id)
            if is_surely_unique(raw, canonical):
                return Checked(canonical, True, None, warning)
        return examine(spec, raw, user_id)

    return rule


def _closed_rule_about_someone(spec: EventSpec, decode: Decode) -> Rule:
    encode, warning = _encoder(spec), deprecation(spec)
    who, key = user_reader(spec), key_reader(spec)

    def rule(raw: bytes, user_id: str | None) -> Checked | Violation:
        if len(raw) <= MAX_BYTES:
            try:
                values = decode(raw)
                canonical = encode(values)
            except REFUSALS:
                return examine(spec, raw, user_id)
            if is_surely_unique(raw, canonical):
                user = who(values, user_id)
                if not isinstance(user, Violation):
                    text = None if key is None else key(values, user)
                    return Checked(canonical, True, text, warning)
        return examine(spec, raw, user_id)

    return rule


def _open_rule(spec: EventSpec, decode: Decode) -> Rule:
    """For an event that keeps what the plan does not name: a struct cannot hold the rest."""
    warning = deprecation(spec)
    who, key = user_reader(spec), key_reader(spec)

    def rule(raw: bytes, user_id: str | None) -> Checked | Violation:
        canonical = canonical_object(raw)
        if isinstance(canonical, Violation):
            return canonical
        try:
            values = decode(canonical)
        except REFUSALS:
            return examine(spec, raw, user_id)
        user = who(values, user_id)
        if isinstance(user, Violation):
            return user
        return Checked(canonical, True, None if key is None else key(values, user), warning)

    return rule


def _decoder(spec: EventSpec, values_of: type[Values]) -> Decode:
    decode = msgspec.json.Decoder(values_of).decode
    instants = [name for name in sorted(spec.properties) if _is_instant(spec.properties[name])]
    if not instants:
        return decode
    # A second look at the same bytes, that reads only the instants: cheaper than a Python
    # call per value, and the first decode keeps the client's text.
    read = msgspec.json.Decoder(_instants_struct(spec, instants)).decode
    names = field_names(spec)
    getters = tuple(attrgetter(names[name]) for name in instants)

    def decode_with_instants(raw: bytes) -> Values:
        values = decode(raw)
        read(raw)
        for get in getters:
            text = get(values)
            if type(text) is str and not is_spelled_well(text):
                raise ValueError(text)
        return values

    return decode_with_instants


def _is_instant(wanted: PropertySpec) -> bool:
    return wanted.type == "timestamp"


def _encoder(spec: EventSpec) -> Callable[[Values], bytes]:
    """Fields are in sorted order already; only nested objects need sorting."""
    has_nested = any(wanted.type in _NESTED for wanted in spec.properties.values())
    return encode_sorted if has_nested else _encode_in_order


def field_names(spec: EventSpec) -> dict[str, str]:
    """Property name -> attribute: a property may be called anything, even `__class__`."""
    return {name: f"f{index}" for index, name in enumerate(sorted(spec.properties))}


def values_type(spec: EventSpec) -> type[Values]:
    """The struct that holds an event's properties, fields in the order of canonical JSON."""
    fields: list[tuple[str, Any, Any] | tuple[str, Any]] = []
    names = field_names(spec)
    for name, field in names.items():
        wanted = spec.properties[name]
        kind = _type(wanted)
        if wanted.required:
            fields.append((field, kind))
        else:
            fields.append((field, kind | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(
        spec.name,
        fields,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=spec.additional == "reject",
        rename={field: name for name, field in names.items()},
    )


def _instants_struct(spec: EventSpec, instants: list[str]) -> type[Values]:
    fields = [(f"f{index}", Instant | None, None) for index, _ in enumerate(instants)]
    rename = {f"f{index}": name for index, name in enumerate(instants)}
    return msgspec.defstruct(f"{spec.name}_instants", fields, gc=False, rename=rename)


def _type(wanted: PropertySpec) -> Any:
    kind = _bare_type(wanted)
    return kind | None if wanted.nullable else kind


def _bare_type(wanted: PropertySpec) -> Any:
    length = msgspec.Meta(max_length=wanted.max_length)
    match wanted.type:
        case "string":
            return Literal[wanted.enum] if wanted.enum else Annotated[str, length]
        case "integer":
            return _bounded_int(wanted)
        case "number":
            return _bounded_int(wanted) | _bounded_float(wanted)
        case "boolean":
            return bool
        case "timestamp":
            return Annotated[str, length]
        case "array":
            return Annotated[list[JSON_VALUE], length]
        case "object":
            return JSON_OBJECT
        case "any":
            return _any_but_null(length)


def _bounded_int(wanted: PropertySpec) -> Any:
    low = INT_MIN if wanted.minimum is None else max(INT_MIN, math.ceil(wanted.minimum))
    high = INT_MAX if wanted.maximum is None else min(INT_MAX, math.floor(wanted.maximum))
    return Annotated[int, msgspec.Meta(ge=low, le=high)]


def _bounded_float(wanted: PropertySpec) -> Any:
    return Annotated[float, msgspec.Meta(ge=wanted.minimum, le=wanted.maximum)]


def _any_but_null(length: msgspec.Meta) -> Any:
    number = Annotated[int, msgspec.Meta(ge=INT_MIN, le=INT_MAX)] | float
    text, items = Annotated[str, length], Annotated[list[JSON_VALUE], length]
    return bool | number | text | items | JSON_OBJECT


def user_reader(spec: EventSpec) -> Callable[[Values, str | None], str | None | Violation]:
    """(values, the envelope's user_id) -> the user both agree on; see identity.py."""
    field = field_names(spec).get(USER_ID)
    is_free = not needs_user(spec)
    tell = attrgetter(field) if field else None

    def who(values: Values, in_envelope: str | None) -> str | None | Violation:
        told = tell(values) if tell else msgspec.UNSET
        if (told is msgspec.UNSET or told == in_envelope) and (in_envelope or is_free):
            return in_envelope or None
        return agreed_user(spec, told, in_envelope)

    return who


def key_reader(spec: EventSpec) -> Callable[[Values, str | None], str | None] | None:
    """(values, the user) -> the business key's canonical text; None without such a key."""
    if not spec.business_key:
        return None
    names = field_names(spec)
    if USER_ID in spec.business_key or len(spec.business_key) == 1:
        parts = [None if name == USER_ID else attrgetter(names[name]) for name in spec.business_key]
        return lambda values, user: _encode_in_order(
            [user if part is None else part(values) for part in parts]
        ).decode()
    read = attrgetter(*(names[name] for name in spec.business_key))
    return lambda values, _user: _encode_in_order(read(values)).decode()
