"""The plan as TypeScript types, so that a browser's mistakes are found while typing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from liftline.data.events.contracts import EventSpec, PropertySpec, PropertyType, Sender

_TYPES: Final[dict[PropertyType, str]] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "timestamp": "Instant",
    "array": "JsonValue[]",
    "object": "{ [key: string]: JsonValue }",
    "any": "NonNullable<JsonValue>",
}
_HEAD: Final = """\
// Made by `liftline tracking build`; change the event's YAML instead.

/** RFC 3339 with an offset: `new Date().toISOString()`. */
export type Instant = string;
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue };
"""


def typescript(events: Sequence[EventSpec]) -> str:
    """One module: an interface per event, and which events each kind of key may send."""
    ordered = sorted(events, key=lambda spec: spec.name)
    parts = [_HEAD, *(_interface(spec) for spec in ordered), _map(ordered)]
    parts += [_senders("public", ordered), _senders("server", ordered), _senders("ci", ordered)]
    parts.append(
        "/** What a typed client looks like. */\n"
        "export interface Track<Names extends EventName> {\n"
        "  <Name extends Names>(name: Name, properties: Events[Name]): void;\n"
        "}\n"
    )
    return "\n".join(parts)


def interface_name(event: str) -> str:
    return "".join(word.capitalize() for word in event.split("_"))


def _interface(spec: EventSpec) -> str:
    note = f" @deprecated ask {spec.owner} what replaces it." if spec.is_deprecated else ""
    lines = [f"/** {_comment(spec.purpose)}{note} */"]
    lines.append(f"export interface {interface_name(spec.name)} {{")
    for name, wanted in spec.properties.items():
        lines += _property(name, wanted)
    if spec.additional == "keep":
        lines.append("  [key: string]: JsonValue | undefined;")
    return "\n".join([*lines, "}", ""])


def _property(name: str, wanted: PropertySpec) -> Iterator[str]:
    kind = " | ".join(json.dumps(value) for value in wanted.enum) or _TYPES[wanted.type]
    if wanted.nullable:
        kind += " | null"
    yield f"  /** {_comment(wanted.description)}{_bounds(wanted)} */"
    yield f"  {name}{'' if wanted.required else '?'}: {kind};"


def _bounds(wanted: PropertySpec) -> str:
    parts = ["whole number"] if wanted.type == "integer" else []
    parts += [] if wanted.minimum is None else [f"at least {wanted.minimum:.15g}"]
    parts += [] if wanted.maximum is None else [f"at most {wanted.maximum:.15g}"]
    parts += [] if wanted.max_length is None else [f"length at most {wanted.max_length}"]
    return f" ({', '.join(parts)})" if parts else ""


def _comment(text: str) -> str:
    return text.replace("*/", "* /")


def _map(events: Sequence[EventSpec]) -> str:
    lines = [f"  {spec.name}: {interface_name(spec.name)};" for spec in events]
    return "\n".join(
        ["export interface Events {", *lines, "}", "", "export type EventName = keyof Events;", ""]
    )


def _senders(sender: Sender, events: Sequence[EventSpec]) -> str:
    names = [f'  | "{spec.name}"' for spec in events if sender in spec.senders]
    title = f"/** Events that a key of kind {sender} may send. */"
    body = "\n".join(names) if names else "  never"
    return f"{title}\nexport type {sender.capitalize()}EventName =\n{body};\n"
