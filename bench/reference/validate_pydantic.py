"""The reference for bench/validate.py: the same tracking plan as pydantic models.

One strict model per event, fields in sorted order so that `dump_json` gives sorted keys.
It validates and re-encodes; it does not look for duplicate keys, which pydantic cannot
see. So it does less than what it judges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, create_model

from liftline.data.events.contracts import EventSpec, PropertySpec

_INT64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
_TYPES: dict[str, Any] = {
    "string": str,
    "integer": _INT64,
    "number": float,
    "boolean": bool,
    "timestamp": AwareDatetime,
    "array": list[Any],
    "object": dict[str, Any],
    "any": Any,
}


def _field(spec: PropertySpec) -> tuple[Any, Any]:
    kind = Literal[spec.enum] if spec.enum else _TYPES[spec.type]
    limits: dict[str, Any] = {}
    if spec.minimum is not None:
        limits["ge"] = spec.minimum
    if spec.maximum is not None:
        limits["le"] = spec.maximum
    if spec.max_length is not None and not spec.enum:
        limits["max_length"] = spec.max_length
    if limits:
        kind = Annotated[kind, Field(**limits)]
    if spec.nullable or not spec.required:
        kind = kind | None
    return (kind, ... if spec.required else None)


def compile_reference(events: tuple[EventSpec, ...]) -> dict[str, Callable[[bytes], bytes]]:
    """Per event name a function from raw JSON to JSON with sorted keys; raises on a breach."""
    checks: dict[str, Callable[[bytes], bytes]] = {}
    for event in events:
        extra: Literal["forbid", "allow"] = "forbid" if event.additional == "reject" else "allow"
        model = create_model(
            event.name,
            __config__=ConfigDict(extra=extra, strict=True),
            **{name: _field(event.properties[name]) for name in sorted(event.properties)},
        )
        checks[event.name] = _check(TypeAdapter(model))
    return checks


def _check(adapter: TypeAdapter[Any]) -> Callable[[bytes], bytes]:
    validate, dump = adapter.validate_json, adapter.dump_json

    def check(raw: bytes) -> bytes:
        return dump(validate(raw), exclude_unset=True)

    return check
