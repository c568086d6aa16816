"""The contracted dbt staging models: one view per planned event, typed, tested, described.

Grain of each: one row per accepted event that is planned and is no semantic duplicate.
Envelope columns come first. A property keeps its name, unless that is an envelope column
or a word of SQL: then it is `property_<name>`. Only user_id is special: the property and
the envelope agree (the door saw to it), so one column holds whichever is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from liftline.data.events.contracts import EventSpec, PropertySpec, PropertyType
from liftline.data.events.identity import USER_ID

FOLDER: Final = "staging"
ENVELOPE: Final[dict[str, tuple[str, str]]] = {
    "ordinal": ("bigint", "Place in the log; the row's key, the same after a rebuild."),
    "project": ("varchar", "Project the event belongs to."),
    "environment": ("varchar", "dev, staging or prod."),
    "source_id": ("varchar", "Which sender (key) it came from."),
    "message_id": ("varchar", "The sender's id of the event; unique with source_id."),
    "user_id": ("varchar", "Who it is about, as the product names them."),
    "anonymous_id": ("varchar", "Device or browser before sign-in."),
    "event_at": ("timestamp", "When it happened, UTC."),
    "received_at": ("timestamp", "When Liftline took it, UTC."),
    "sender": ("varchar", "Kind of key it came with: public, server, ci or system."),
    "is_historical": ("boolean", "Sent as history; left out of delay and clock-skew figures."),
}
_OTHER_RAW_COLUMNS: Final = (
    *("type", "name", "sent_at", "plan_version", "is_planned", "is_semantic_duplicate"),
    *("business_key", "properties", "context", "original_timestamp"),
)
_DATA_TYPES: Final[dict[PropertyType, str]] = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "array": "json",
    "object": "json",
    "any": "json",
}
_SQL_WORDS: Final = frozenset(
    "all analyse analyze and any array as asc asymmetric both case cast check collate column "  # noqa: SIM905
    "constraint create current_date current_time current_timestamp current_user default "
    "deferrable desc describe distinct do else end except false fetch for foreign from grant "
    "group having in initially intersect into lambda lateral leading limit not null offset on "
    "only or order pivot placing primary qualify references returning select session_user show "
    "some summarize symmetric table then to trailing true union unique unpivot user using "
    "variadic when where window with".split()
)
_FIRST_LINE: Final = "Made by `liftline tracking build`; change the event's YAML instead."


def staging_files(events: Sequence[EventSpec]) -> dict[str, str]:
    """Relative path -> text of every staging model and of their schema file."""
    ordered = sorted(events, key=lambda spec: spec.name)
    files = {f"{FOLDER}/{model_name(spec.name)}.sql": _model(spec) for spec in ordered}
    files[f"{FOLDER}/staging.yml"] = _schema(ordered)
    return files


def model_name(event: str) -> str:
    return f"stg_{event}"


def column_name(property_name: str) -> str:
    """The staging column of a property."""
    if property_name == USER_ID:
        return USER_ID
    is_taken = property_name in ENVELOPE or property_name in _OTHER_RAW_COLUMNS
    if is_taken or property_name in _SQL_WORDS:
        return f"property_{property_name}"
    return property_name


def _own_properties(spec: EventSpec) -> Iterator[tuple[str, PropertySpec]]:
    return ((name, wanted) for name, wanted in spec.properties.items() if name != USER_ID)


def _model(spec: EventSpec) -> str:
    columns = [_envelope_column(spec, name) for name in ENVELOPE]
    columns += [
        f"{{{{ prop('properties', '{name}', '{wanted.type}') }}}} as {column_name(name)}"
        for name, wanted in _own_properties(spec)
    ]
    lines = ",\n    ".join(columns)
    return (
        f"-- {_FIRST_LINE}\n"
        f"-- Grain: one row per accepted {spec.name}; semantic duplicates are left out.\n"
        f"select\n    {lines}\n"
        "from {{ source('raw', 'events') }}\n"
        f"where name = '{spec.name}'\n"
        "  and type = 'track'\n"
        "  and is_planned\n"
        "  and not is_semantic_duplicate\n"
    )


def _envelope_column(spec: EventSpec, name: str) -> str:
    if name == USER_ID and USER_ID in spec.properties:
        return "coalesce(user_id, {{ prop('properties', 'user_id', 'string') }}) as user_id"
    return name


def _schema(events: Sequence[EventSpec]) -> str:
    import yaml  # noqa: PLC0415 - the collector imports this package and must not pay for YAML

    document = {"version": 2, "models": [_model_entry(spec) for spec in events]}
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml, where the wheel has it
    text: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=96)
    return f"# {_FIRST_LINE}\n{text}"


def _model_entry(spec: EventSpec) -> dict[str, Any]:
    description = spec.purpose if not spec.is_deprecated else f"DEPRECATED. {spec.purpose}"
    meta: dict[str, Any] = {
        "owner": spec.owner,
        "event_version": spec.version,
        "senders": list(spec.senders),
        "consent": spec.consent,
        "retention_days": spec.retention_days,
    }
    if spec.business_key:
        meta["business_key"] = list(spec.business_key)
    return {
        "name": model_name(spec.name),
        "description": description,
        "config": {
            "materialized": "view",
            "contract": {"enforced": True},
            "tags": ["staging"],
            "meta": meta,
        },
        "columns": [*_envelope_entries(spec), *_property_entries(spec)],
    }


def _envelope_entries(spec: EventSpec) -> Iterator[dict[str, Any]]:
    """Only the grain and the user are tested here: raw.events has tests for the rest."""
    for name, (data_type, description) in ENVELOPE.items():
        tests: list[Any] = []
        if name == "ordinal":
            tests = [_test("unique", {}, 1)]
        elif name == USER_ID and _always_has_user(spec):
            tests = [_test("not_null", {}, spec.version)]
        pii = "pseudonymous" if name in (USER_ID, "anonymous_id") else "none"
        if name == USER_ID and USER_ID in spec.properties:
            pii = spec.properties[USER_ID].pii
        yield _column(name, data_type, description, pii, tests)


def _always_has_user(spec: EventSpec) -> bool:
    wanted = spec.properties.get(USER_ID)
    is_in_properties = wanted is not None and wanted.required and not wanted.nullable
    return spec.requires_user_id or USER_ID in spec.business_key or is_in_properties


def _property_entries(spec: EventSpec) -> Iterator[dict[str, Any]]:
    for name, wanted in _own_properties(spec):
        tests: list[Any] = []
        if wanted.required and not wanted.nullable:
            tests.append(_test("not_null", {}, spec.version))
        if wanted.enum:
            tests.append(_test("accepted_values", {"values": list(wanted.enum)}, spec.version))
        data_type = _DATA_TYPES[wanted.type]
        yield _column(column_name(name), data_type, wanted.description, wanted.pii, tests)


def _test(name: str, arguments: Mapping[str, Any], version: int) -> Any:
    """A test of a column. Tagged hourly: each reads all rows, and the door has checked them.

    An error in version 1 of an event; later a warning, because rows that an older version
    accepted stay as they are.
    """
    config: dict[str, Any] = {"tags": ["hourly"]}
    if version > 1:
        config["severity"] = "warn"
    body: dict[str, Any] = {"arguments": dict(arguments)} if arguments else {}
    return {name: {**body, "config": config}}


def _column(
    name: str, data_type: str, description: str, pii: str, tests: list[Any]
) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "data_type": data_type, "description": description}
    entry["config"] = {"meta": {"pii": pii}}
    if tests:
        entry["data_tests"] = tests
    return entry
