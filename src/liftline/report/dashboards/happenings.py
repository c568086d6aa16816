"""What happened, newest first: deployments, plan versions, new events, rejections, restarts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from liftline.data.warehouse.contracts import BuildResult, Warehouse
from liftline.report.dashboards.asking import ask, instant, text, whole
from liftline.report.dashboards.contracts import Happening, ProcessState
from liftline.report.dashboards.scope import Scope

SHOWN: Final = 20
NAMED: Final = 3
_STATUS: Final = {
    "started": "began",
    "succeeded": "was deployed",
    "failed": "failed to deploy",
    "rolled_back": "was rolled back",
    "cancelled": "was cancelled",
}


def read_happenings(warehouse: Warehouse, scope: Scope) -> tuple[Happening, ...]:
    """What the warehouse knows of, newest first, at most 20."""
    parameters = scope.parameters()
    found: list[Happening] = []
    for at, service, target, commit, status in ask(warehouse, "deployments", parameters).rows:
        sentence = deployment(text(service), text(target), text(commit), text(status))
        found.append(Happening(at=instant(at), kind="deployment", sentence=sentence))
    for version, at in ask(warehouse, "plan_versions", parameters).rows:
        sentence = f"Tracking plan version {whole(version)} came into use"
        found.append(Happening(at=instant(at), kind="plan", sentence=sentence))
    for _day, code, events, last_at in ask(warehouse, "rejection_days", parameters).rows:
        many = whole(events)
        sentence = f"{many:,} event{'s' if many != 1 else ''} rejected that day: {text(code)}"
        found.append(Happening(at=instant(last_at), kind="rejections", sentence=sentence))
    seen = ask(warehouse, "first_seen", parameters).rows
    found += new_events([(text(name), instant(at)) for name, at in seen])
    return newest(found)


def of_processes(processes: Iterable[ProcessState], scope: Scope) -> list[Happening]:
    """Restarts inside the scope; a first start is no news."""
    return [
        Happening(
            at=process.started_at,
            kind="process",
            sentence=f"The {process.name} was restarted ({process.restarts} so far)",
        )
        for process in processes
        if process.restarts and process.started_at and scope.start <= process.started_at < scope.end
    ]


def of_build(build: BuildResult | None, scope: Scope) -> list[Happening]:
    """A failed build; good ones run every few seconds and are no news."""
    if build is None or build.is_ok or not scope.start <= build.started_at < scope.end:
        return []
    sentence = f"A build of the models failed in {len(build.failures)} places"
    return [Happening(at=build.started_at, kind="build", sentence=sentence)]


def new_events(seen: Sequence[tuple[str, datetime]]) -> list[Happening]:
    """First sightings; names that came within the same hour are one line."""
    hours: dict[datetime, list[tuple[datetime, str]]] = defaultdict(list)
    for name, at in seen:
        hours[at.replace(minute=0, second=0, microsecond=0)].append((at, name))
    found = []
    for together in hours.values():
        names = [name for _, name in sorted(together)]
        listed = ", ".join(names[:NAMED])
        rest = len(names) - NAMED
        more = f" and {rest} more" if rest > 0 else ""
        what = "First event named" if len(names) == 1 else f"First events of {len(names)} names:"
        at = max(at for at, _ in together)
        found.append(Happening(at=at, kind="event", sentence=f"{what} {listed}{more}"))
    return found


def deployment(service: str, target: str, commit: str, status: str) -> str:
    """ "api 4f2c1aa was deployed to prod"."""
    what = f"{service} {commit[:7]}".strip()
    where = f" to {target}" if target and status in ("", "succeeded") else ""
    return f"{what} {_STATUS.get(status, 'was deployed')}{where}"


def newest(found: Iterable[Happening]) -> tuple[Happening, ...]:
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN])
