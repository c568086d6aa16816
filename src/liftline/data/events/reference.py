"""The plan as a page for people: docs/reference/events.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from liftline.data.events.builtin import BUILTIN_TYPES, PLATFORM_PREFIX
from liftline.data.events.contracts import EventSpec, PropertySpec
from liftline.data.events.staging import column_name, model_name


def reference_page(events: Sequence[EventSpec]) -> str:
    """Markdown: a table of all events, then each event with its properties and an example."""
    ordered = sorted(events, key=lambda spec: spec.name)
    lines = [*_head(ordered)]
    for spec in ordered:
        lines += _event(spec)
    return "\n".join(lines).rstrip() + "\n"


def _head(events: Sequence[EventSpec]) -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "<!-- Made by `liftline tracking build`; change the event's YAML instead. -->"
    yield ""
    yield f"The tracking plan has {len(events)} events. How to change it:"
    yield "[change the tracking plan](../how/change-the-tracking-plan.md)."
    yield ""
    yield "| Event | Owner | May be sent by | Consent | Kept | Counts once per |"
    yield "|---|---|---|---|---|---|"
    for spec in events:
        yield (
            f"| [{spec.name}](#{spec.name}) | {spec.owner} | {', '.join(spec.senders)} "
            f"| {spec.consent} | {spec.retention_days} days | {_key(spec)} |"
        )
    yield ""
    yield "## Built in"
    yield ""
    yield "These need no plan; their properties are free."
    yield ""
    for kind, meaning in BUILTIN_TYPES.items():
        yield f"- `{kind}`: {meaning}."
    yield "- names starting with `$`: events of client libraries, such as `$feature_flag_called`."
    yield f"- names starting with `{PLATFORM_PREFIX}`: Liftline's own; no client may send them."
    yield ""


def _key(spec: EventSpec) -> str:
    return ", ".join(spec.business_key) or "-"


def _event(spec: EventSpec) -> Iterator[str]:
    yield f"## {spec.name}"
    yield ""
    if spec.is_deprecated:
        yield f"**Deprecated**: ask {spec.owner} what replaces it."
        yield ""
    yield spec.purpose
    yield ""
    yield (
        f"Version {spec.version}, owner {spec.owner}. Sent by: {', '.join(spec.senders)}. "
        f"Consent: {spec.consent}. Kept {spec.retention_days} days. "
        f"In the warehouse: `{model_name(spec.name)}`."
    )
    if spec.requires_user_id:
        yield "Needs a user_id, in the envelope or as a property."
    if spec.business_key:
        yield f"The first event per {' + '.join(spec.business_key)} counts; later ones are kept"
        yield "as semantic duplicates, outside the models."
    yield ""
    if spec.properties:
        yield "| Property | Type | Required | Personal | Meaning |"
        yield "|---|---|---|---|---|"
        for name, wanted in spec.properties.items():
            yield _row(name, wanted)
        yield ""
    if spec.additional == "keep":
        yield "Properties that are not listed are kept."
        yield ""
    if spec.examples_good:
        yield "```json"
        yield msgspec.json.format(msgspec.json.encode(spec.examples_good[0]), indent=2).decode()
        yield "```"
        yield ""


def _row(name: str, wanted: PropertySpec) -> str:
    kind = wanted.type + (" or null" if wanted.nullable else "")
    bounds = []
    if wanted.enum:
        bounds.append(f"one of {', '.join(f'`{value}`' for value in wanted.enum)}")
    if wanted.minimum is not None:
        bounds.append(f"at least {wanted.minimum:.15g}")
    if wanted.maximum is not None:
        bounds.append(f"at most {wanted.maximum:.15g}")
    if wanted.max_length is not None:
        bounds.append(f"length at most {wanted.max_length}")
    column = column_name(name)
    text = wanted.description + (f" ({'; '.join(bounds)})" if bounds else "")
    text += f" Column: `{column}`." if column != name else ""
    required = "yes" if wanted.required else ""
    return f"| `{name}` | {kind} | {required} | {wanted.pii} | {text.replace('|', '/')} |"
