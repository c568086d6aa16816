"""What waits for a person, decided from facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from liftline.data.warehouse.contracts import WarehouseStatus
from liftline.report.dashboards.contracts import (
    ALERT_S,
    OBJECTIVE_S,
    Delay,
    Ledger,
    Need,
    ProcessState,
)

HEALTH: Final = "/data/health"
EVENTS: Final = "/data/events"
REJECTED_SHARE: Final = 0.02
"""More than two in a hundred rejected is a producer's defect rather than a stray event."""
LOAD_STALLED: Final = timedelta(seconds=60)
SILENT_AFTER: Final = timedelta(hours=2)
STEADY_HOURS: Final = 20
"""A source that sent in at least 20 of the 24 hours before is expected to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A steady source that stopped, and when it was last heard."""

    source_id: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules look at. The ledger and the delay are of the range shown."""

    now: datetime
    ledger: Ledger
    delay: Delay
    processes: tuple[ProcessState, ...] = ()
    status: WarehouseStatus | None = None
    silences: tuple[Silence, ...] = ()


def needs(facts: Facts) -> tuple[Need, ...]:
    """Broken things first, then warnings. That the warehouse is away the answer itself says."""
    found = [
        *_processes(facts),
        *_warehouse(facts),
        *_ledger(facts.ledger),
        *_delay(facts.delay),
        *_silences(facts),
    ]
    return tuple(sorted(found, key=lambda need: need.severity != "bad"))


def _processes(facts: Facts) -> list[Need]:
    return [
        Need(
            severity="warn" if process.state == "starting" else "bad",
            sentence=f"The {process.name} process is {_state(process)}.",
            cure=f"See logs/{process.name}.log in the data directory, then run liftline doctor.",
            link=HEALTH,
        )
        for process in facts.processes
        if not process.is_ready
    ]


def _state(process: ProcessState) -> str:
    return "running but not ready" if process.state == "running" else process.state


def _warehouse(facts: Facts) -> list[Need]:
    status = facts.status
    if status is None:
        return []
    found = []
    if status.state == "stopped":
        found.append(
            Need(
                severity="bad",
                sentence=f"Loading stopped: {status.problem or 'no reason was given'}.",
                cure=status.cure or "See docs/runbooks/warehouse.md.",
                link=HEALTH,
            )
        )
    elif _is_stalled(status, facts.now):
        found.append(
            Need(
                severity="warn",
                sentence=f"{status.pending_events:,} events wait in the log and nothing was "
                "loaded for a minute.",
                cure="A long build or a rebuild can do that; look at the warehouse's log if it "
                "stays.",
                link=HEALTH,
            )
        )
    build = status.last_build
    if build is not None and not build.is_ok:
        first = build.failures[0] if build.failures else "no place was named"
        found.append(
            Need(
                severity="bad",
                sentence=f"The last build of the models failed: {first}.",
                cure="Figures are from the build before it. Mend the model or the data it names.",
                link=HEALTH,
            )
        )
    return found


def _is_stalled(status: WarehouseStatus, now: datetime) -> bool:
    if status.pending_events == 0 or status.state != "loading":
        return False
    return status.last_load_at is None or now - status.last_load_at > LOAD_STALLED


def _ledger(ledger: Ledger) -> list[Need]:
    found = []
    if not ledger.is_balanced:
        found.append(
            Need(
                severity="bad",
                sentence=f"The ledger misses {abs(ledger.difference):,} events.",
                cure="Run liftline warehouse rebuild: it makes every row anew from the log.",
                link=HEALTH,
            )
        )
    if ledger.conflict:
        found.append(
            Need(
                severity="warn",
                sentence=f"{ledger.conflict:,} events reused a message id with another body.",
                cure="The sender must give each event an id of its own; open them to see which.",
                link=EVENTS,
            )
        )
    if ledger.received and ledger.rejected / ledger.received > REJECTED_SHARE:
        share = 100 * ledger.rejected / ledger.received
        found.append(
            Need(
                severity="warn",
                sentence=f"{share:.1f} % of the events were rejected.",
                cure="Each rejection on the live page names its cure.",
                link=EVENTS,
            )
        )
    return found


def _delay(delay: Delay) -> list[Need]:
    latest = delay.points[-1].p95_s if delay.points else None
    if latest is None or latest <= OBJECTIVE_S:
        return []
    is_alert = latest > ALERT_S
    limit = "15 min alert" if is_alert else "10 min objective"
    return [
        Need(
            severity="bad" if is_alert else "warn",
            sentence=f"Events take {latest / 60:.0f} min (P95) to be countable, over the {limit}.",
            cure="See whether the warehouse keeps up: pending events, long builds, a busy machine.",
            link=HEALTH,
        )
    ]


def _silences(facts: Facts) -> list[Need]:
    return [
        Need(
            severity="warn",
            sentence=f"Source {silence.source_id} is silent for "
            f"{(facts.now - silence.last_at).total_seconds() / 3600:.0f} h.",
            cure="It sent every hour before. Check the sender, its key and its network.",
            link=EVENTS,
        )
        for silence in facts.silences
    ]
