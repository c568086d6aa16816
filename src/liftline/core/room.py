"""What a room contributes to the product, as data the composition root reads.

Core rooms and third-party rooms (entry point group `liftline.rooms`) use the same seam.
Strings of the form `package.module:name` are imported only when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

Floor = Literal["platform", "data", "decide", "report", "growth", "build"]
T = TypeVar("T")


class Provide(Protocol):
    """How a room's edge asks the composition root for a port or a room's api object.

    Raises LookupError for a type that nothing was wired for: a defect, found at start.
    """

    def __call__(self, port: type[T], /) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition that someone should hear of: `expression` is a Prometheus-style rule text."""

    name: str
    expression: str
    severity: Literal["info", "warn", "page"]
    runbook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that recurs: cron expression, IANA zone, `package.module:function` to call."""

    name: str
    cron: str
    zone: str
    run: str
    late: Literal["fire", "skip", "coalesce"] = "coalesce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A word of the command line: `run` is a `module:app` of cyclopts, imported when called."""

    run: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One room's manifest. Everything is a name; nothing here does anything.

    `routes` are `module:factory`, each called with a `Provide` and returning a FastAPI
    router. `commands` are by their word on the command line. `operational_metrics` are
    Prometheus names; `metrics` are names in a metrics.yml. `rollback` says in one line how
    the capability is switched off or taken back.
    """

    name: str
    floor: Floor
    sentence: str
    stories: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    operational_metrics: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    panels: tuple[str, ...] = ()
    digest_sections: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    routes: tuple[str, ...] = ()
    commands: Mapping[str, Command] = field(default_factory=dict)
    risks: tuple[str, ...] = ()
    runbook: str = ""
    rollback: str = ""
