"""The home page: a first line, what needs a person, what happened, how old the data is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from liftline.data.metrics.contracts import Catalog
from liftline.data.warehouse.contracts import Warehouse
from liftline.report.dashboards.contracts import Delay, Happening, Need, Overview
from liftline.report.dashboards.happenings import newest, of_build, of_processes, read_happenings
from liftline.report.dashboards.health import (
    AWAY_HEADLINE,
    DataFacts,
    Surroundings,
    is_empty,
    needs_of,
    read_facts,
)
from liftline.report.dashboards.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """The health facts and what happened."""

    data: DataFacts
    happened: tuple[Happening, ...]


def read_home(warehouse: Warehouse, scope: Scope, now: datetime) -> HomeFacts:
    """Raises WarehouseAwayError."""
    return HomeFacts(
        data=read_facts(warehouse, scope, now), happened=read_happenings(warehouse, scope)
    )


def compose(
    scope: Scope, facts: HomeFacts | None, around: Surroundings, catalog: Catalog
) -> Overview:
    """The page from the facts; without them what there is."""
    found = needs_of(facts.data if facts else None, around)
    away = around.away
    has_nothing = facts is not None and is_empty(facts.data.ledger)
    happened = list(facts.happened) if facts else []
    happened += of_processes(around.processes, scope)
    if facts:
        happened += of_build(facts.data.status.last_build, scope)
    return Overview(
        state="away" if away else "empty" if has_nothing else "ok",
        as_of=facts.data.as_of if facts else None,
        is_simulated=scope.is_simulated,
        sentence="The warehouse does not answer." if away else "",
        cure=away.cure if away else "",
        headline=headline(scope, facts, found) if away is None else AWAY_HEADLINE,
        needs=found,
        happened=newest(happened),
        delay=facts.data.delay if facts else Delay(),
        activation_metric=activation_metric(catalog),
    )


def headline(scope: Scope, facts: HomeFacts | None, found: tuple[Need, ...]) -> str:
    """The page's first line answers the morning's question: does anything need me?"""
    if found:
        if len(found) == 1:
            return found[0].sentence.rstrip(".")
        return f"{len(found)} things need a person now"
    if facts is None or is_empty(facts.data.ledger):
        return f"Waiting for the first event of {scope.project}, {scope.environment}"
    return f"Nothing needs a person: {facts.data.ledger.accepted:,} events came in and add up"


def activation_metric(catalog: Catalog) -> str | None:
    """Which metric the activation chart shows: the one a goal promises, else the first of
    that name; a ratio or retention, since a funnel has no line over time.
    """
    promised = [goal.metric for goal in catalog.goals]
    for name in (*promised, *catalog.metrics):
        metric = catalog.metrics.get(name)
        if metric is not None and "activation" in name and metric.type == "ratio":
            return name
    return None
