"""The plan as JSON Schema (2020-12), for editors, contract tests and other languages.

JSON Schema cannot say three things the door also asks for: no key twice, at most 64 KB,
and that the property user_id agrees with the envelope's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from liftline.data.events.builtin import BUILTIN_TYPES
from liftline.data.events.canonical import INT_MAX, INT_MIN
from liftline.data.events.contracts import EventSpec, PropertySpec, PropertyType
from liftline.data.events.identity import USER_ID, needs_user

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_INSTANT: Final = (
    r"^(19[7-9]\d|[2-9]\d{3})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$"
)
_TYPES: Final[dict[PropertyType, dict[str, Any]]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "minimum": INT_MIN, "maximum": INT_MAX},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time", "pattern": _INSTANT},
    "array": {"type": "array"},
    "object": {"type": "object"},
    "any": {"type": ["string", "number", "boolean", "array", "object"]},
}
_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 200}


def event_schema(spec: EventSpec) -> dict[str, Any]:
    """The schema of one event's properties."""
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": spec.name,
        "description": spec.purpose,
        "type": "object",
        "properties": {name: property_schema(one) for name, one in spec.properties.items()},
        "required": [name for name, one in spec.properties.items() if one.required],
        "additionalProperties": spec.additional == "keep",
        "examples": list(spec.examples_good),
        "x-liftline": {
            "version": spec.version,
            "owner": spec.owner,
            "senders": list(spec.senders),
            "consent": spec.consent,
            "retention_days": spec.retention_days,
            "business_key": list(spec.business_key),
        },
    }
    if spec.is_deprecated:
        schema["deprecated"] = True
    return schema


def property_schema(wanted: PropertySpec) -> dict[str, Any]:
    """The schema of one property."""
    schema: dict[str, Any] = {"description": wanted.description, **_TYPES[wanted.type]}
    if wanted.enum:
        schema["enum"] = [*wanted.enum, None] if wanted.nullable else list(wanted.enum)
    if wanted.minimum is not None:
        schema["minimum"] = max(wanted.minimum, schema.get("minimum", wanted.minimum))
    if wanted.maximum is not None:
        schema["maximum"] = min(wanted.maximum, schema.get("maximum", wanted.maximum))
    if wanted.max_length is not None:
        schema["maxItems" if wanted.type == "array" else "maxLength"] = wanted.max_length
    if wanted.nullable:
        kinds = schema["type"]
        schema["type"] = [*kinds, "null"] if isinstance(kinds, list) else [kinds, "null"]
    schema["x-pii"] = wanted.pii
    return schema


def batch_schema(events: Sequence[EventSpec]) -> dict[str, Any]:
    """The schema of a whole body of POST /v1/batch: planned, built-in and `$` events."""
    ordered = sorted(events, key=lambda spec: spec.name)
    choices = [_planned(spec) for spec in ordered]
    choices.append(_envelope({"type": {"const": "track"}, "event": {"pattern": r"^\$"}}))
    choices.append(_envelope({"type": {"enum": sorted(BUILTIN_TYPES)}}))
    definitions: dict[str, Any] = {}
    for spec in ordered:
        definitions[spec.name] = event_schema(spec)
        del definitions[spec.name]["$schema"]
    return {
        "$schema": DIALECT,
        "title": "Liftline batch",
        "type": "object",
        "properties": {
            "batch": {"type": "array", "items": {"anyOf": choices}},
            "sentAt": {"type": ["string", "null"]},
        },
        "required": ["batch"],
        "$defs": definitions,
    }


def _planned(spec: EventSpec) -> dict[str, Any]:
    schema = _envelope(
        {
            "type": {"const": "track"},
            "event": {"const": spec.name},
            "properties": {"$ref": f"#/$defs/{spec.name}"},
        }
    )
    schema["required"] = ["type", "event", "properties"]
    if needs_user(spec):
        wanted = spec.properties.get(USER_ID)
        in_envelope = {"required": ["userId"], "properties": {"userId": _TEXT}}
        in_properties = {"properties": {"properties": {"required": [USER_ID]}}}
        schema["anyOf"] = [in_envelope, in_properties] if wanted else [in_envelope]
    return schema


def _envelope(special: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "messageId": _TEXT,
            "timestamp": {"type": ["string", "null"]},
            "userId": {"type": ["string", "null"]},
            "anonymousId": {"type": ["string", "null"]},
            "context": {"type": ["object", "null"]},
            "properties": {"type": ["object", "null"]},
            **special,
        },
        "required": ["type"],
    }
