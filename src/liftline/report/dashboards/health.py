"""The data health page: does it add up, is it fresh, does everything run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from liftline.data.log.contracts import LogStats
from liftline.data.warehouse.contracts import Warehouse, WarehouseAwayError, WarehouseStatus
from liftline.report.dashboards.asking import ask, instant, text, whole
from liftline.report.dashboards.contracts import (
    BuildLine,
    DeadLetters,
    Delay,
    Health,
    Ledger,
    Need,
    ProcessState,
    Storage,
    WarehouseLine,
)
from liftline.report.dashboards.delays import read_delay
from liftline.report.dashboards.ledger import read_ledger, with_pending
from liftline.report.dashboards.needs import SILENT_AFTER, STEADY_HOURS, Facts, Silence, needs
from liftline.report.dashboards.scope import Scope

ROLLING: Final = timedelta(minutes=5)
AWAY_HEADLINE: Final = "The warehouse does not answer: these are the last known figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the warehouse says about a scope, all of it read within one request."""

    as_of: datetime | None
    ledger: Ledger
    delay: Delay
    dead_letters: tuple[DeadLetters, ...]
    silences: tuple[Silence, ...]
    status: WarehouseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known without the warehouse."""

    now: datetime
    processes: tuple[ProcessState, ...]
    log: LogStats | None
    away: WarehouseAwayError | None = None


def read_facts(warehouse: Warehouse, scope: Scope, now: datetime) -> DataFacts:
    """Raises WarehouseAwayError."""
    status = warehouse.status()
    ledger, rows = read_ledger(warehouse, scope)
    if abs(scope.end - now) <= ROLLING:
        ledger = with_pending(ledger, status.pending_events)
    return DataFacts(
        as_of=rows.as_of,
        ledger=ledger,
        delay=read_delay(warehouse, scope),
        dead_letters=_dead_letters(warehouse, scope),
        silences=_silences(warehouse, scope, now),
        status=status,
    )


def compose(scope: Scope, facts: DataFacts | None, around: Surroundings) -> Health:
    """The page from the facts; without them (never read, warehouse away) what there is."""
    found = needs_of(facts, around)
    away = around.away
    if facts is None:
        return Health(
            state="away",
            is_simulated=scope.is_simulated,
            sentence="The warehouse does not answer.",
            cure=away.cure if away else "",
            headline=headline(None, found, around),
            needs=found,
            processes=around.processes,
            storage=storage(around.log, None),
        )
    status = facts.status
    return Health(
        state="away" if away else "empty" if is_empty(facts.ledger) else "ok",
        as_of=facts.as_of,
        is_simulated=scope.is_simulated,
        sentence="The warehouse does not answer." if away else "",
        cure=away.cure if away else "",
        headline=headline(facts, found, around),
        needs=found,
        ledger=facts.ledger,
        freshness=facts.delay,
        dead_letters=facts.dead_letters,
        processes=around.processes,
        storage=storage(around.log, status),
        warehouse=WarehouseLine(
            state=status.state,
            loaded_position=status.loaded_position,
            durable_position=status.durable_position,
            pending_events=status.pending_events,
            last_load_at=status.last_load_at,
            problem=status.problem,
            cure=status.cure,
        ),
        build=_build(status),
    )


def needs_of(facts: DataFacts | None, around: Surroundings) -> tuple[Need, ...]:
    """What waits for a person, from whatever facts there are."""
    return needs(
        Facts(
            now=around.now,
            ledger=facts.ledger if facts else Ledger(),
            delay=facts.delay if facts else Delay(),
            processes=around.processes,
            # What the warehouse said before it went away is no news about it.
            status=facts.status if facts and around.away is None else None,
            silences=facts.silences if facts else (),
        )
    )


def is_empty(ledger: Ledger) -> bool:
    """Nothing was loaded: what is pending may be another project's."""
    return ledger.received == ledger.pending


def headline(facts: DataFacts | None, found: tuple[Need, ...], around: Surroundings) -> str:
    """The page's first line: the finding, not a title."""
    broken = [need for need in found if need.severity == "bad"]
    if broken:
        more = f" ({len(found) - 1} more below)" if len(found) > 1 else ""
        return broken[0].sentence.rstrip(".") + more
    if around.away is not None:
        return AWAY_HEADLINE
    if facts is None or is_empty(facts.ledger):
        return "Waiting for the first event of this range"
    running = len(around.processes)
    run = f" and all {running} processes run" if running else ""
    fresh = ""
    if facts.delay.p95_s is not None:
        fresh = f", data is countable within {_words(facts.delay.p95_s)} (P95)"
    return f"Every event adds up{fresh}{run}"


def storage(log: LogStats | None, status: WarehouseStatus | None) -> tuple[Storage, ...]:
    """What log and warehouse take on disk, and what a million events more would."""
    found = []
    if log is not None:
        found.append(_stored("Log", log.size_bytes, log.events))
    if status is not None:
        found.append(_stored("Warehouse", status.size_bytes, status.loaded_events))
    return tuple(found)


def _stored(name: str, size_bytes: int, events: int) -> Storage:
    per_million = size_bytes / events * 1_000_000 if events else None
    return Storage(name=name, size_bytes=size_bytes, events=events, bytes_per_million=per_million)


def _words(duration_s: float) -> str:
    units: tuple[tuple[float, Callable[[float], str]], ...] = (
        (1, lambda s: f"{s * 1000:.0f} ms"),
        (120, lambda s: f"{s:.0f} s"),
        (7200, lambda s: f"{s / 60:.0f} min"),
    )
    return next((say(duration_s) for limit, say in units if duration_s < limit), "hours")


def _build(status: WarehouseStatus) -> BuildLine | None:
    build = status.last_build
    if build is None:
        return None
    return BuildLine(
        started_at=build.started_at,
        duration_s=build.duration_s,
        is_ok=build.is_ok,
        models_built=build.models_built,
        tests_passed=build.tests_passed,
        failures=build.failures,
    )


def _dead_letters(warehouse: Warehouse, scope: Scope) -> tuple[DeadLetters, ...]:
    rows = ask(warehouse, "dead_letters", scope.parameters()).rows
    return tuple(
        DeadLetters(
            code=text(row[0]),
            source_id=text(row[1]),
            events=whole(row[2]),
            last_at=instant(row[3]),
            message=text(row[4]),
            cure=text(row[5]),
        )
        for row in rows
    )


def _silences(warehouse: Warehouse, scope: Scope, now: datetime) -> tuple[Silence, ...]:
    since = now - SILENT_AFTER
    parameters = {
        **scope.place(),
        "since": since,
        "day_before": since - timedelta(hours=24),
        "hours": STEADY_HOURS,
    }
    rows = ask(warehouse, "silent", parameters).rows
    return tuple(Silence(source_id=text(row[0]), last_at=instant(row[1])) for row in rows)
