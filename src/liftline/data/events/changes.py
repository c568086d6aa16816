"""What differs between two plans, and whom it breaks.

A change breaks when an event that was accepted may now be rejected, or when a column that
a model reads goes away or changes its type. Such a change needs a higher `version` of the
event, so that it is a decision and not a slip. An event may be removed only after it was
deprecated in a plan that was in force. All else (a new event, an optional property, a
wider bound, a new enum value) may keep the version.

An environment that begins to reject what is outside the plan breaks senders too. That does not
come from the plan but from the settings, where somebody has written it down for that very
environment: there is no slip to guard against, and no version to raise. So it is reported as
breaking and as covered: said in the answer and in the app's log as a warning, never refused.
Otherwise a changed setting would leave a starting app without its plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from liftline.core.errors import ConflictError
from liftline.data.events.contracts import EventSpec, PlanSnapshot, PropertySpec, Unplanned
from liftline.data.events.plan import make_snapshot

UNPLANNED: Final = "unplanned events"
"""Stands where a change names its event, for events that the plan does not name."""

Kind = Literal["added", "removed", "changed"]
_WIDER: Final = {("integer", "number")}
"""Changes of type that keep every accepted value accepted and every column readable."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. `is_covered` says that the event's version, or a deprecation before,
    allows a breaking one."""

    kind: Kind
    event: str
    message: str
    is_breaking: bool = False
    is_covered: bool = False

    @property
    def is_refused(self) -> bool:
        return self.is_breaking and not self.is_covered

    def __str__(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        mark = "" if not self.is_breaking else " (breaking)"
        return f"{sign} {self.event}: {self.message}{mark}"


class BreakingPlanError(ConflictError):
    """The new plan would reject events, or remove columns, that the plan in force has."""

    code = "events.breaking_change"

    def __init__(self, refused: Sequence[Change]) -> None:
        super().__init__(
            "; ".join(f"{one.event}: {one.message}" for one in refused[:3])
            + (f" and {len(refused) - 3} more" if len(refused) > 3 else ""),
            cure="raise the event's `version` (to remove an event, set `is_deprecated: true` and "
            "apply that first), or pass --allow-breaking",
            facts={"changes": len(refused)},
        )
        self.refused = tuple(refused)


def plan_changes(old: Sequence[EventSpec], new: Sequence[EventSpec]) -> tuple[Change, ...]:
    """Every difference, in event order."""
    before = {spec.name: spec for spec in old}
    after = {spec.name: spec for spec in new}
    found: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            found.append(_removed(before[name]))
        elif name not in before:
            found.append(
                Change(kind="added", event=name, message=f"new event ({after[name].owner})")
            )
        else:
            found += _event_changes(before[name], after[name])
    return tuple(found)


def snapshot_changes(old: PlanSnapshot, new: PlanSnapshot) -> tuple[Change, ...]:
    """Every difference of what is in force: of the events, then of what is outside the plan."""
    return (
        *plan_changes(old.events, new.events),
        *_unplanned_changes(old.unplanned, new.unplanned),
    )


def next_snapshot(
    current: PlanSnapshot | None,
    events: Sequence[EventSpec],
    unplanned: Mapping[str, Unplanned],
    *,
    allow_breaking: bool = False,
) -> PlanSnapshot:
    """The snapshot to publish: the current one itself when nothing differs, else one version up.

    Raises BreakingPlanError, and what make_snapshot raises.
    """
    if current is None:
        return make_snapshot(events, unplanned, 1)
    candidate = make_snapshot(events, unplanned, current.version + 1)
    if candidate.digest == current.digest:
        return current
    refused = [one for one in snapshot_changes(current, candidate) if one.is_refused]
    if refused and not allow_breaking:
        raise BreakingPlanError(refused)
    return candidate


def _unplanned_changes(
    old: Mapping[str, Unplanned], new: Mapping[str, Unplanned]
) -> Iterator[Change]:
    for environment in sorted(old.keys() | new.keys()):
        # The door rejects where the settings say nothing.
        before, after = old.get(environment, "reject"), new.get(environment, "reject")
        if before != after:
            yield Change(
                kind="changed",
                event=UNPLANNED,
                message=f"{environment}: {before} -> {after}, by the settings",
                is_breaking=after == "reject",
                is_covered=True,
            )


def _removed(spec: EventSpec) -> Change:
    return Change(
        kind="removed",
        event=spec.name,
        message="the event is gone" if spec.is_deprecated else "the event is gone, undeprecated",
        is_breaking=True,
        is_covered=spec.is_deprecated,
    )


def _event_changes(old: EventSpec, new: EventSpec) -> list[Change]:
    is_raised = new.version > old.version
    found = [
        Change(kind=kind, event=new.name, message=text, is_breaking=breaks, is_covered=is_raised)
        for kind, text, breaks in _differences(old, new)
    ]
    if new.version < old.version:
        message = f"version goes back from {old.version} to {new.version}"
        found.append(Change(kind="changed", event=new.name, message=message, is_breaking=True))
    elif is_raised:
        message = f"version {old.version} -> {new.version}"
        found.append(Change(kind="changed", event=new.name, message=message))
    return found


Difference = tuple[Kind, str, bool]


def _differences(old: EventSpec, new: EventSpec) -> Iterator[Difference]:
    for sender in sorted(set(old.senders) - set(new.senders)):
        yield "removed", f"sender {sender} may no longer send it", True
    for sender in sorted(set(new.senders) - set(old.senders)):
        yield "added", f"sender {sender} may send it", False
    if old.business_key != new.business_key:
        yield "changed", f"business key {_key(old)} -> {_key(new)}", True
    if new.requires_user_id and not old.requires_user_id:
        yield "changed", "it needs a user_id now", True
    elif old.requires_user_id != new.requires_user_id:
        yield "changed", "it needs no user_id any more", False
    if old.additional != new.additional:
        text = f"properties outside the plan: {old.additional} -> {new.additional}"
        yield "changed", text, new.additional == "reject"
    for key in ("owner", "purpose", "retention_days", "consent", "is_deprecated"):
        if getattr(old, key) != getattr(new, key):
            yield "changed", _sentence(key, getattr(old, key), getattr(new, key)), False
    for name in sorted(old.properties.keys() | new.properties.keys()):
        yield from _property_differences(name, old.properties.get(name), new.properties.get(name))
    if (old.examples_good, old.examples_bad) != (new.examples_good, new.examples_bad):
        yield "changed", "other examples", False


def _key(spec: EventSpec) -> str:
    return "+".join(spec.business_key) or "none"


def _sentence(key: str, old: object, new: object) -> str:
    return "another purpose" if key == "purpose" else f"{key} {old} -> {new}"


def _property_differences(
    name: str, old: PropertySpec | None, new: PropertySpec | None
) -> Iterator[Difference]:
    if new is None:
        yield "removed", f"{name}: the property is gone", True
    elif old is None:
        is_needed = "required " if new.required else ""
        yield "added", f"{name}: new {is_needed}{new.type}", new.required
    else:
        for text, breaks in _spec_differences(old, new):
            yield "changed", f"{name}: {text}", breaks


def _spec_differences(old: PropertySpec, new: PropertySpec) -> Iterator[tuple[str, bool]]:
    if old.type != new.type:
        yield f"type {old.type} -> {new.type}", (old.type, new.type) not in _WIDER
    if old.required != new.required:
        yield ("required now", True) if new.required else ("optional now", False)
    if old.nullable != new.nullable:
        yield ("may be null", False) if new.nullable else ("may not be null any more", True)
    yield from _enum_differences(old.enum, new.enum)
    for key, is_tighter in (
        ("minimum", _is_tighter_low(old.minimum, new.minimum)),
        ("maximum", _is_tighter_high(old.maximum, new.maximum)),
        ("max_length", _is_tighter_high(old.max_length, new.max_length)),
    ):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield f"{key} {_bound(before)} -> {_bound(after)}", is_tighter
    if old.pii != new.pii:
        yield f"pii {old.pii} -> {new.pii}", False
    if old.description != new.description:
        yield "another description", False


def _enum_differences(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    if not old and new:
        yield f"only {', '.join(new)} any more", True
        return
    if old and not new:
        yield "any text now", False
        return
    for value in old:
        if value not in new:
            yield f"value {value} is gone", True
    for value in new:
        if value not in old:
            yield f"new value {value}", False


def _bound(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _is_tighter_low(old: float | None, new: float | None) -> bool:
    return new is not None and (old is None or new > old)


def _is_tighter_high(old: float | None, new: float | None) -> bool:
    return new is not None and (old is None or new < old)
