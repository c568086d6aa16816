"""The exact verdict on an event's properties, with words a new user can act on.

Written without the fast way's struct types, so that each can check the other: for any
bytes both accept with the same result, or the fast way leaves the answer to this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from liftline.data.events.canonical import parse_exactly, shown
from liftline.data.events.contracts import Checked, EventSpec, PropertySpec, Violation
from liftline.data.events.identity import USER_ID, agreed_user, key_text
from liftline.data.events.timestamps import SPELLING, is_instant

_EXAMPLES = {
    "string": 'a text such as "abc"',
    "integer": "a whole number without a point, such as 3",
    "number": "a number such as 3 or 2.5, not a text",
    "boolean": "true or false, not a text",
    "timestamp": SPELLING,
    "array": "a list such as [1, 2]",
    "object": 'an object such as {"a": 1}',
    "any": "any value but null",
}


def examine(spec: EventSpec, raw: bytes, user_id: str | None) -> Checked | Violation:
    """Accept or reject one planned event exactly. Never raises."""
    parsed = parse_exactly(raw)
    if isinstance(parsed, Violation):
        return parsed
    values, canonical = parsed
    for violation in _breaches(spec, values):
        return violation
    told = values.get(USER_ID) if USER_ID in spec.properties else None
    user = agreed_user(spec, told, user_id)
    if isinstance(user, Violation):
        return user
    return Checked(canonical, True, key_text(spec, user, values), deprecation(spec))


def deprecation(spec: EventSpec) -> str | None:
    """The warning that goes with every event of a deprecated name."""
    if not spec.is_deprecated:
        return None
    return f"{spec.name} is deprecated; ask {spec.owner} what replaces it"


def _breaches(spec: EventSpec, values: dict[str, Any]) -> Iterator[Violation]:
    for name, wanted in spec.properties.items():
        if name not in values:
            if wanted.required:
                yield _missing(spec, name, wanted)
        else:
            yield from _breach(spec.name, name, wanted, values[name])
    if spec.additional == "reject":
        for name in values:
            if name not in spec.properties:
                yield _additional(spec, name)


def _breach(event: str, name: str, wanted: PropertySpec, value: Any) -> Iterator[Violation]:
    if value is None:
        if not wanted.nullable:
            yield _wrong_type(event, name, wanted, value)
        return
    if not _has_type(wanted, value):
        yield _wrong_type(event, name, wanted, value)
        return
    if wanted.enum and value not in wanted.enum:
        yield Violation(
            code="not_in_enum",
            message=f"{event}.{name} is {_came(wanted, value)}, which the plan does not list",
            cure=f"send one of {', '.join(wanted.enum)}, or add the value to the plan",
        )
    if wanted.minimum is not None and _is_number(value) and value < wanted.minimum:
        yield _out_of_range(event, name, wanted, value)
    if wanted.maximum is not None and _is_number(value) and value > wanted.maximum:
        yield _out_of_range(event, name, wanted, value)
    limit = wanted.max_length
    if limit is not None and isinstance(value, str | list) and len(value) > limit:
        unit = "characters" if isinstance(value, str) else "items"
        yield Violation(
            code="too_long",
            message=f"{event}.{name} has {len(value)} {unit}; the plan takes {limit}",
            cure="shorten it before sending, or raise max_length in the plan",
        )


def _has_type(wanted: PropertySpec, value: Any) -> bool:
    match wanted.type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return _is_number(value)
        case "boolean":
            return isinstance(value, bool)
        case "timestamp":
            return isinstance(value, str) and is_instant(value)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "any":
            return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _missing(spec: EventSpec, name: str, wanted: PropertySpec) -> Violation:
    return Violation(
        code="required_missing",
        message=f"{spec.name}.{name} is required and did not come",
        cure=f"send {name}: {_EXAMPLES[wanted.type]} ({wanted.description})",
    )


def _wrong_type(event: str, name: str, wanted: PropertySpec, value: Any) -> Violation:
    if value is None:
        cure = f"send {_EXAMPLES[wanted.type]}"
        cure += "" if wanted.required else ", or leave the property out"
        cure += "; `nullable: true` in the plan would allow null"
    else:
        cure = f"send {_EXAMPLES[wanted.type]}"
    return Violation(
        code="datatype_mismatch",
        message=f"{event}.{name} should be {_article(wanted.type)}; "
        f"{_word(value)} came{_value(wanted, value)}",
        cure=cure,
    )


def _out_of_range(event: str, name: str, wanted: PropertySpec, value: Any) -> Violation:
    low = -math.inf if wanted.minimum is None else wanted.minimum
    high = math.inf if wanted.maximum is None else wanted.maximum
    if high == math.inf:
        bounds = f"at least {low:g}"
    elif low == -math.inf:
        bounds = f"at most {high:g}"
    else:
        bounds = f"from {low:g} to {high:g}"
    return Violation(
        code="out_of_range",
        message=f"{event}.{name} is {_came(wanted, value)}; the plan takes {bounds}",
        cure=f"check the unit ({wanted.description}), or widen the range in the plan",
    )


def _additional(spec: EventSpec, name: str) -> Violation:
    near = _same_letters(name, spec.properties)
    hint = f"did you mean {near}? " if near else ""
    return Violation(
        code="additional_property",
        message=f"{spec.name} has no property {shown(name)} in the plan",
        cure=f"{hint}leave it out, or add it to the plan and run `liftline tracking apply`",
    )


def _same_letters(name: str, known: dict[str, PropertySpec]) -> str | None:
    wanted = letters(name)
    return next((one for one in known if letters(one) == wanted), None)


def letters(name: str) -> str:
    """A name without case and separators, to find `stepId` when the plan says `step_id`."""
    return "".join(one for one in name.casefold() if one.isalnum())


def _came(wanted: PropertySpec, value: Any) -> str:
    """What came, unless it could identify someone."""
    return shown(value) if wanted.pii in ("none", "pseudonymous") else "a value not shown here"


def _value(wanted: PropertySpec, value: Any) -> str:
    if value is None or isinstance(value, list | dict):
        return ""
    return f": {_came(wanted, value)}"


def _article(kind: str) -> str:
    words = {"any": "any value but null"}
    return words.get(kind, f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}")


def _word(value: Any) -> str:
    words = {type(None): "null", bool: "a boolean", int: "an integer", str: "a string"}
    words |= {float: "a number with a point", list: "an array", dict: "an object"}
    return words[type(value)]
