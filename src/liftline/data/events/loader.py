"""Reads a tracking plan from directories: one YAML file per event, named after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from liftline.data.events.contracts import EventSpec, PropertySpec
from liftline.data.events.diagnosis import letters
from liftline.data.events.findings import Finding, InvalidPlanError
from liftline.data.events.lints import Remark, remarks
from liftline.data.events.plan import MAX_EVENTS
from liftline.data.events.yaml_tree import Place, YamlDefectError, YamlTree, read_yaml

_EVENT_KEYS: Final = EventSpec.__struct_fields__
_PROPERTY_KEYS: Final = PropertySpec.__struct_fields__
_REQUIRED: Final = (
    *("name", "version", "owner", "purpose", "senders", "retention_days", "consent"),
    *("properties", "examples_good", "examples_bad"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEvent:
    """An event and where it was read."""

    spec: EventSpec
    file: str
    tree: YamlTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a plan's directories hold: the usable events by name, and every finding."""

    events: tuple[EventSpec, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")


def shipped_plan() -> Path:
    """The directory of the plan that Liftline ships: in the wheel, else in the source tree."""
    package = Path(__file__).resolve().parents[2]
    in_wheel = package / "shipped" / "tracking" / "events"
    return in_wheel if in_wheel.is_dir() else package.parents[1] / "tracking" / "events"


def load_plan(directories: Sequence[Path]) -> tuple[EventSpec, ...]:
    """The events of all directories, by name; raises InvalidPlanError on the first error.

    A later directory may add events. It may replace an earlier one's event only with a
    higher version, so that nobody redefines a shipped event by accident.
    """
    reading = read_plan(directories)
    if reading.errors:
        raise InvalidPlanError(reading.errors)
    return reading.events


def read_plan(directories: Sequence[Path]) -> Reading:
    """Like load_plan, but collects every finding of every file instead of raising."""
    events: dict[str, LoadedEvent] = {}
    findings: list[Finding] = []
    for directory in directories:
        for name, loaded in _read_directory(directory, findings).items():
            redefined = _redefinition(events.get(name), loaded)
            if redefined is None:
                events[name] = loaded
            else:
                findings.append(redefined)
    specs = tuple(events[name].spec for name in sorted(events))
    return Reading(events=specs, findings=tuple(findings))


def _read_directory(directory: Path, findings: list[Finding]) -> dict[str, LoadedEvent]:
    if not directory.is_dir():
        findings.append(
            Finding(
                file=str(directory),
                line=1,
                code="no_directory",
                message="there is no such directory",
                cure="create it, or set plan_dir to the folder that has `events/` in it",
            )
        )
        return {}
    files = sorted(path for path in directory.iterdir() if path.suffix in (".yml", ".yaml"))
    loaded: dict[str, LoadedEvent] = {}
    for path in files[:MAX_EVENTS]:
        event = _read_file(path, findings)
        if event is None:
            continue
        if event.spec.name in loaded:
            other = loaded[event.spec.name].file
            findings.append(_finding(event, ("name",), "defined_twice", f"{other} defines it too"))
        else:
            loaded[event.spec.name] = event
    return loaded


def _read_file(path: Path, findings: list[Finding]) -> LoadedEvent | None:
    file = str(path)
    try:
        tree = read_yaml(path.read_text("utf-8"))
    except (YamlDefectError, UnicodeDecodeError) as defect:
        findings.append(_defect_finding(file, defect))
        return None
    found = list(_shape_remarks(tree.value))
    spec = None
    if not found:
        spec, found = _spec(tree.value)
    if spec is not None:
        found += remarks(spec, file_stem=path.stem)
    findings += [_placed(file, tree, remark) for remark in found]
    return None if spec is None else LoadedEvent(spec=spec, file=file, tree=tree)


def _defect_finding(file: str, defect: YamlDefectError | UnicodeDecodeError) -> Finding:
    if isinstance(defect, YamlDefectError):
        return Finding(
            file=file, line=defect.line, code="yaml", message=defect.message, cure=defect.cure
        )
    return Finding(
        file=file, line=1, code="yaml", message="the file is not UTF-8", cure="save it as UTF-8"
    )


def _placed(file: str, tree: YamlTree, remark: Remark) -> Finding:
    return Finding(
        file=file,
        line=tree.line(remark.place),
        code=remark.code,
        message=remark.message,
        cure=remark.cure,
        severity=remark.severity,
    )


def _finding(event: LoadedEvent, place: Place, code: str, message: str) -> Finding:
    return Finding(
        file=event.file,
        line=event.tree.line(place),
        code=code,
        message=f"{event.spec.name}: {message}",
        cure="keep one of the two files",
    )


def _redefinition(earlier: LoadedEvent | None, later: LoadedEvent) -> Finding | None:
    if earlier is None or later.spec.version > earlier.spec.version:
        return None
    needed = earlier.spec.version + 1
    return Finding(
        file=later.file,
        line=later.tree.line(("version",)),
        code="redefined",
        message=f"{later.spec.name} is defined by {earlier.file} as version "
        f"{earlier.spec.version}; version {later.spec.version} does not replace it",
        cure=f"set version: {needed} or higher to replace it, or give your event another name",
    )


def _shape_remarks(value: Any) -> list[Remark]:
    """Unknown and missing keys, before types are looked at."""
    if not isinstance(value, dict):
        return [
            Remark((), "not_an_event", "the file is not a mapping", "start with `name: your_event`")
        ]
    found = [_unknown_key((key,), key, _EVENT_KEYS) for key in value if key not in _EVENT_KEYS]
    for key in _REQUIRED:
        if key not in value:
            found.append(Remark((), "key_missing", f"`{key}` is missing", _CURES[key]))
    properties = value.get("properties")
    if isinstance(properties, dict):
        for name, wanted in properties.items():
            found += _property_shape(name, wanted)
    return found


def _property_shape(name: str, wanted: Any) -> list[Remark]:
    place: Place = ("properties", name)
    if not isinstance(wanted, dict):
        cure = "write `type`, `pii` and `description` below it"
        return [Remark(place, "property_shape", f"the property {name} has no body", cure)]
    found = [
        _unknown_key((*place, key), key, _PROPERTY_KEYS)
        for key in wanted
        if key not in _PROPERTY_KEYS
    ]
    if "pii" not in wanted:
        found.append(
            Remark(
                place,
                "pii_missing",
                f"the property {name} does not say how personal it is",
                "add `pii: none`, pseudonymous, personal or sensitive",
            )
        )
    for key in ("type", "description"):
        if key not in wanted:
            message = f"the property {name} has no {key}"
            found.append(Remark(place, "key_missing", message, f"add `{key}:`"))
    return found


def _unknown_key(place: Place, key: str, known: Sequence[str]) -> Remark:
    near = next((one for one in known if letters(one) == letters(key)), None)
    cure = f"did you mean `{near}`?" if near else f"known here: {', '.join(known)}"
    return Remark(place, "unknown_key", f"`{key}` is not a key of the plan", cure)


def _spec(value: Mapping[str, Any]) -> tuple[EventSpec | None, list[Remark]]:
    """The typed event. Properties are read one by one, so that a finding can name its own."""
    found: list[Remark] = []
    properties: dict[str, PropertySpec] = {}
    raw = value["properties"]
    if not isinstance(raw, dict):
        return None, [Remark(("properties",), "shape", "`properties` is not a mapping", "use {}")]
    for name, wanted in raw.items():
        try:
            properties[name] = msgspec.convert(wanted, PropertySpec)
        except msgspec.ValidationError as error:
            found.append(_type_remark(("properties", name), error))
    for key in _EVENT_KEYS:
        if key in value and key != "properties":
            found += _field_remarks(key, value[key])
    if found:
        return None, found
    return msgspec.convert({**value, "properties": properties}, EventSpec), []


def _field_remarks(key: str, value: Any) -> list[Remark]:
    kind = msgspec.defstruct("field", [(key, _FIELD_TYPES[key])])
    try:
        msgspec.convert({key: value}, kind)
    except msgspec.ValidationError as error:
        return [_type_remark((), error)]
    return []


_FIELD_TYPES: Final[dict[str, Any]] = {
    field.name: field.type for field in msgspec.structs.fields(EventSpec)
}


def _type_remark(place: Place, error: msgspec.ValidationError) -> Remark:
    message, _, where = str(error).partition(" - at `$.")
    key = where.rstrip("`").split("[")[0].split(".")[0]
    inner: Place = (*place, key) if key else place
    name = ".".join(str(part) for part in inner) or "the event"
    return Remark(inner, "shape", f"{name}: {message}", "see docs/how/change-the-tracking-plan.md")


_CURES: Final = {
    "name": "add `name: <the file's name>`",
    "version": "add `version: 1`",
    "owner": "name the team that answers questions about the event",
    "purpose": "say in a sentence which question the event answers",
    "senders": "list who may send it: public, server, ci, system",
    "retention_days": "say for how many days it is kept, such as 365",
    "consent": "say under which consent it is collected: necessary, analytics or marketing",
    "properties": "list the properties, or write `properties: {}`",
    "examples_good": "give at least one property object that must be accepted",
    "examples_bad": "give at least one property object that must be rejected",
}
