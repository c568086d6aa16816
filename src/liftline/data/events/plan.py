"""The plan in force: every event compiled, the built-ins, and what happens to the rest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from liftline.core.errors import InvalidError
from liftline.data.events.builtin import BUILTIN_TYPES, builtin_senders
from liftline.data.events.canonical import canonical_object, shown
from liftline.data.events.contracts import (
    Checked,
    EventSpec,
    PlanSnapshot,
    Sender,
    Unplanned,
    Violation,
)
from liftline.data.events.diagnosis import letters
from liftline.data.events.rules import Rule, compile_rule, values_type
from liftline.data.events.shapes import Shape, shape_of

SENDERS: Final[tuple[Sender, ...]] = ("public", "server", "ci", "system")
MAX_EVENTS: Final = 2_000
MAX_NAME_LENGTH: Final = 200
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]+\Z")


class PlanTooLargeError(InvalidError):
    """The tracking plan has more events than are taken."""

    code = "events.plan_too_large"
    default_cure = "give events that differ in one value one name and a property"


class DoubleEventError(InvalidError):
    """The tracking plan defines one event twice."""

    code = "events.defined_twice"
    default_cure = "keep one of the two files"


def make_snapshot(
    events: Sequence[EventSpec], unplanned: Mapping[str, Unplanned], version: int
) -> PlanSnapshot:
    """A plan as the app publishes it; the digest tells whether two plans mean the same.

    The digest covers events (in name order) and `unplanned`, not the version. Raises
    DoubleEventError, PlanTooLargeError.
    """
    ordered = tuple(sorted(events, key=lambda event: event.name))
    if len(ordered) > MAX_EVENTS:
        raise PlanTooLargeError(f"{len(ordered)} events; at most {MAX_EVENTS} are taken")
    for one, other in zip(ordered, ordered[1:], strict=False):
        if one.name == other.name:
            raise DoubleEventError(f"the event {one.name} is defined twice")
    body = msgspec.json.encode((ordered, dict(unplanned)), order="sorted")
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return PlanSnapshot(version=version, digest=digest, events=ordered, unplanned=dict(unplanned))


def compile_plan(snapshot: PlanSnapshot) -> CompiledPlan:
    """The snapshot, ready to check events. Cost: about 0.2 ms per event, once."""
    return CompiledPlan(snapshot)


class CompiledPlan:
    """Checks events against one plan. Immutable and safe to share between threads."""

    __slots__ = ("_letters", "_rules", "_shapes", "_specs", "_unplanned", "digest", "version")

    def __init__(self, snapshot: PlanSnapshot) -> None:
        self.version = snapshot.version
        self.digest = snapshot.digest
        self._unplanned = snapshot.unplanned
        self._specs = {spec.name: spec for spec in snapshot.events}
        self._letters = {letters(name): name for name in self._specs}
        values = {name: values_type(spec) for name, spec in self._specs.items()}
        compiled = {name: compile_rule(spec, values[name]) for name, spec in self._specs.items()}
        self._rules: dict[str, dict[str, Rule]] = {
            sender: {
                name: rule for name, rule in compiled.items() if sender in self._specs[name].senders
            }
            for sender in SENDERS
        }
        shapes = {name: shape_of(spec, values[name]) for name, spec in self._specs.items()}
        self._shapes: dict[str, dict[str, Shape]] = {
            sender: {
                name: shape
                for name, shape in shapes.items()
                if shape is not None and sender in self._specs[name].senders
            }
            for sender in SENDERS
        }

    def shapes(self, sender: Sender) -> Mapping[str, Shape]:
        """The track events this sender may send, for judging many of them at once.

        What a shape holds and settles without a doubt is what `check()` accepts, with the
        same canonical properties, the same business key and no warning.
        """
        return self._shapes[sender]

    def check(
        self,
        *,
        event_type: str,
        name: str,
        raw_properties: bytes,
        sender: Sender,
        environment: str,
        user_id: str | None,
    ) -> Checked | Violation:
        """The verdict on one event: canonical properties, or why it is rejected. Never raises.

        `raw_properties` are the bytes of a JSON object (`{}` when the client sent none),
        `sender` comes from the key, `user_id` from the envelope. Cost: about 1 us for a
        planned event of six properties, up to milliseconds for a rejected one of 64 KB.
        """
        if event_type == "track":
            rule = self._rules[sender].get(name)
            if rule is not None:
                return rule(raw_properties, user_id)
        return self._settle(event_type, name, raw_properties, sender, environment)

    def _settle(
        self, event_type: str, name: str, raw: bytes, sender: Sender, environment: str
    ) -> Checked | Violation:
        """An event without a rule for this sender: built in, forbidden, or not planned."""
        if event_type != "track" and event_type not in BUILTIN_TYPES:
            return _unknown_type(event_type)
        if len(name) > MAX_NAME_LENGTH or (event_type == "track" and not _PRINTABLE.match(name)):
            return _bad_name(name)
        spec = self._specs.get(name) if event_type == "track" else None
        senders = spec.senders if spec else builtin_senders(event_type, name)
        if senders is not None and (spec or sender not in senders):
            return _sender_not_allowed(name or event_type, sender, sorted(senders))
        if senders is None and self._unplanned.get(environment, "reject") == "reject":
            return self._unplanned_event(name, environment)
        canonical = canonical_object(raw)
        if isinstance(canonical, Violation):
            return canonical
        return Checked(canonical, senders is not None)

    def _unplanned_event(self, name: str, environment: str) -> Violation:
        near = self._letters.get(letters(name))
        hint = f"did you mean {near}? " if near else ""
        return Violation(
            code="unplanned_event",
            message=f"the tracking plan has no event {shown(name)}, "
            f"and {environment} rejects unplanned events",
            cure=f"{hint}add tracking/events/{_file_name(name)}.yml to your plan and run "
            "`liftline tracking apply`; an environment with `unplanned: keep` takes it meanwhile",
        )


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:60] or "your_event"


def _unknown_type(event_type: str) -> Violation:
    return Violation(
        code="unknown_type",
        message=f"{shown(event_type)} is not a type of event",
        cure=f"send one of track, {', '.join(BUILTIN_TYPES)}",
    )


def _bad_name(name: str) -> Violation:
    what = f"has {len(name)} characters" if len(name) > MAX_NAME_LENGTH else f"is {shown(name)}"
    return Violation(
        code="bad_name",
        message=f"the event's name {what}",
        cure=f"use 1 to {MAX_NAME_LENGTH} printable characters, best lower-case with _: "
        "checklist_viewed",
    )


def _sender_not_allowed(name: str, sender: str, allowed: list[str]) -> Violation:
    return Violation(
        code="sender_not_allowed",
        message=f"{shown(name)} may not come from a {sender} key",
        cure=f"send it with a key of kind {' or '.join(allowed)}, from a place that keeps it secret"
        if "public" not in allowed
        else f"send it with a key of kind {' or '.join(allowed)}",
    )
