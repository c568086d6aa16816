"""What a well-formed event can still get wrong: names, bounds, keys, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

import msgspec

from liftline.data.events.contracts import Checked, EventSpec, PropertySpec, Violation
from liftline.data.events.diagnosis import examine
from liftline.data.events.identity import USER_ID, needs_user

Place = tuple[str | int, ...]
MAX_PROPERTIES: Final = 100
MAX_RETENTION_DAYS: Final = 3_650
_EVENT_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_NUMBERS = ("integer", "number")
_SIZED = ("string", "array")
_EXAMPLE_USER = "u_example"


class Remark(NamedTuple):
    """A finding that does not know its file yet."""

    place: Place
    code: str
    message: str
    cure: str
    severity: Literal["error", "warning"] = "error"


def remarks(spec: EventSpec, file_stem: str | None = None) -> list[Remark]:
    """Everything to say about one event. Empty for an event that can be used as it is."""
    found = [*_event_remarks(spec, file_stem), *_key_remarks(spec)]
    for name, wanted in spec.properties.items():
        found += _property_remarks(name, wanted)
    if not any(remark.severity == "error" for remark in found):
        found += _example_remarks(spec)
    return found


def _event_remarks(spec: EventSpec, file_stem: str | None) -> Iterator[Remark]:
    if not _EVENT_NAME.match(spec.name) or len(spec.name) > 63:
        cure = "lower-case words joined by _, 63 characters at most: object then verb in the past"
        yield Remark(("name",), "bad_name", f"{spec.name!r} is not an event name", cure)
    elif file_stem is not None and file_stem != spec.name:
        message = f"the file is called {file_stem}, the event {spec.name}"
        yield Remark(("name",), "file_name", message, f"rename the file to {spec.name}.yml")
    if spec.version < 1:
        yield Remark(("version",), "bad_version", "versions start at 1", "write `version: 1`")
    for key in ("owner", "purpose"):
        if not getattr(spec, key).strip():
            yield Remark((key,), "empty", f"`{key}` says nothing", f"fill in `{key}`")
    if not spec.senders or len(set(spec.senders)) != len(spec.senders):
        cure = "list each of public, server, ci, system at most once, and at least one"
        yield Remark(("senders",), "bad_senders", "nobody, or somebody twice, may send it", cure)
    if not 1 <= spec.retention_days <= MAX_RETENTION_DAYS:
        message = f"retention of {spec.retention_days} days"
        cure = f"between 1 and {MAX_RETENTION_DAYS} days"
        yield Remark(("retention_days",), "bad_retention", message, cure)
    if len(spec.properties) > MAX_PROPERTIES:
        message = f"{len(spec.properties)} properties; at most {MAX_PROPERTIES} are taken"
        yield Remark(("properties",), "too_many", message, "split the event")


def _key_remarks(spec: EventSpec) -> Iterator[Remark]:
    place: Place = ("business_key",)
    if len(set(spec.business_key)) != len(spec.business_key):
        yield Remark(place, "bad_key", "the business key names a property twice", "name it once")
    for name in spec.business_key:
        if name == USER_ID:
            continue
        wanted = spec.properties.get(name)
        if wanted is None:
            message = f"the business key names {name}, which is not a property"
            yield Remark(place, "bad_key", message, "name properties of this event, or user_id")
        elif not wanted.required or wanted.nullable or wanted.type not in ("string", "integer"):
            message = f"{name} is part of the business key but may be absent or have many spellings"
            cure = "make it `required: true`, not nullable, and of type string or integer"
            yield Remark(place, "bad_key", message, cure)
    user = spec.properties.get(USER_ID)
    if user is not None and (user.type != "string" or user.enum):
        cure = "`type: string`; it must agree with the envelope's user_id"
        yield Remark(("properties", USER_ID, "type"), "bad_user_id", "user_id is not a text", cure)


def _property_remarks(name: str, wanted: PropertySpec) -> Iterator[Remark]:
    place: Place = ("properties", name)
    if not _EVENT_NAME.match(name) or len(name) > 60:
        cure = "lower-case words joined by _, 60 characters at most"
        yield Remark(place, "bad_name", f"{name!r} is not a property name", cure)
    if not wanted.description.strip():
        cure = "say what it means, its unit and where it comes from"
        yield Remark((*place, "description"), "empty", f"{name} is not described", cure)
    yield from _bound_remarks(name, wanted, place)
    if wanted.pii == "sensitive":
        message = f"{name} is sensitive personal data"
        cure = "leave it out if a class or a count would do; else have privacy sign it off"
        yield Remark((*place, "pii"), "sensitive", message, cure, "warning")
    if wanted.type in ("string", "any") and wanted.max_length is None and not wanted.enum:
        cure = "add `max_length`, so that one client cannot fill the disk"
        yield Remark(place, "unbounded", f"{name} has no length bound", cure, "warning")


def _bound_remarks(name: str, wanted: PropertySpec, place: Place) -> Iterator[Remark]:
    bounds = (wanted.minimum, wanted.maximum)
    if bounds != (None, None) and wanted.type not in _NUMBERS:
        message = f"{name} is no number but has minimum or maximum"
        yield Remark(place, "bad_bounds", message, "remove it, or make the property a number")
    if None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
        yield Remark(place, "bad_bounds", f"{name}: minimum is above maximum", "swap them")
    if wanted.max_length is not None and (wanted.type not in _SIZED or wanted.max_length < 1):
        message = f"{name}: max_length is for texts and arrays, and at least 1"
        yield Remark((*place, "max_length"), "bad_bounds", message, "remove or raise it")
    if wanted.enum and (wanted.type != "string" or len(set(wanted.enum)) != len(wanted.enum)):
        message = f"{name}: enum is for texts, each value once"
        yield Remark((*place, "enum"), "bad_bounds", message, "make it a string with other values")


def _example_remarks(spec: EventSpec) -> Iterator[Remark]:
    for key, examples in (("good", spec.examples_good), ("bad", spec.examples_bad)):
        if not examples:
            message = f"there is no {key} example"
            yield Remark((), "no_example", message, f"add one under `examples_{key}`")
    for index, example in enumerate(spec.examples_good):
        verdict = run_example(spec, example)
        if isinstance(verdict, Violation):
            message = f"good example {index + 1} is rejected ({verdict.code}): {verdict.message}"
            yield Remark(("examples_good", index), "good_example_fails", message, verdict.cure)
    for index, example in enumerate(spec.examples_bad):
        if not isinstance(run_example(spec, example), Violation):
            message = f"bad example {index + 1} is accepted"
            cure = "tighten the plan until it is rejected, or move it to the good examples"
            yield Remark(("examples_bad", index), "bad_example_passes", message, cure)


def run_example(spec: EventSpec, example: dict[str, Any]) -> Checked | Violation:
    """The verdict on an example. Its envelope has a user only where properties cannot say one."""
    properties_can_tell = USER_ID in spec.properties
    user = _EXAMPLE_USER if needs_user(spec) and not properties_can_tell else None
    return examine(spec, msgspec.json.encode(example), user)
