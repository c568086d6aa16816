"""The web edge of the pages' data: read only, each question names its project and environment."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from liftline.core.clock import Clock
from liftline.core.ids import DEMO_PROJECT, ENVIRONMENTS, Environment, ProjectId
from liftline.core.room import Provide
from liftline.data.log.contracts import LogReader
from liftline.data.metrics.contracts import Catalog, Grain
from liftline.data.warehouse.contracts import Warehouse
from liftline.platform.access.api import (
    Access,
    UnauthenticatedError,
    allow,
    current_principal,
    require,
)
from liftline.platform.access.contracts import Principal
from liftline.report.dashboards.contracts import (
    Addresses,
    EventDetail,
    Goals,
    Health,
    LiveEvents,
    MetricFunnel,
    MetricName,
    MetricSeries,
    MetricValue,
    Overview,
    Processes,
    ProjectLine,
    Projects,
)
from liftline.report.dashboards.live import BEGINNING
from liftline.report.dashboards.measures import metric_names
from liftline.report.dashboards.pages import Pages, Sources
from liftline.report.dashboards.scope import Question, Scope, parse_scope


def _question(
    project: Annotated[str, Query(max_length=40)],
    environment: Annotated[str, Query(max_length=10)],
    start: Annotated[datetime | None, Query(alias="from")] = None,
    end: Annotated[datetime | None, Query(alias="to")] = None,
    grain: Grain | None = None,
) -> Question:
    """Which slice a page is about; the last 35 days by day unless it says otherwise."""
    return Question(
        project=project, environment=environment, start=start, end=end, grain=grain or "day"
    )


_Span = Annotated[Question, Depends(_question)]
_Name = Annotated[str, Path(max_length=100)]
_Ordinal = Annotated[int, Path(ge=0, lt=2**63)]


def routes(provide: Provide) -> APIRouter:
    """Every address of the dashboards."""
    clock = provide(Clock)  # type: ignore[type-abstract]
    catalog = provide(Catalog)
    pages = Pages(
        Sources(
            warehouse=provide(Warehouse),  # type: ignore[type-abstract]
            log=provide(LogReader),  # type: ignore[type-abstract]
            catalog=catalog,
            processes=provide(Processes),  # type: ignore[type-abstract]
            clock=clock,
        )
    )
    router = APIRouter(prefix="/api", tags=["dashboards"])
    asked = Asked(clock)
    _page_routes(router, pages, asked)
    _metric_routes(router, pages, asked, catalog)
    _place_routes(router, provide(Access), provide(Addresses))
    return router


class Asked:
    """Reads the scope of a request and refuses those who may not see it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def scope(self, request: Request, question: Question) -> Scope:
        scope = parse_scope(question, self._clock.now())
        require(request, "pages.view", scope.project, scope.environment)
        return scope


def _page_routes(router: APIRouter, pages: Pages, asked: Asked) -> None:
    @router.get("/overview")
    def overview(
        request: Request,
        question: _Span,
    ) -> Overview:
        """The home page: first line, needs, happenings, delay."""
        return pages.overview(asked.scope(request, question))

    @router.get("/health")
    def health(
        request: Request,
        question: _Span,
    ) -> Health:
        """Ledger, freshness, dead letters, processes, disk, build."""
        return pages.health(asked.scope(request, question))

    @router.get("/events/live")
    def live(
        request: Request,
        question: _Span,
        after: Annotated[int, Query(ge=BEGINNING, lt=2**63)] = BEGINNING,
        name: Annotated[str | None, Query(max_length=200)] = None,
    ) -> LiveEvents:
        """Accepted and set-aside records after a place in the log, newest first."""
        return pages.live(asked.scope(request, question), after, name)

    @router.get("/events/{ordinal}")
    def event(request: Request, ordinal: _Ordinal, question: _Span) -> EventDetail:
        """One accepted event with its properties."""
        return pages.event(asked.scope(request, question), ordinal)


def _metric_routes(router: APIRouter, pages: Pages, asked: Asked, catalog: Catalog) -> None:
    @router.get("/goals")
    def goals(
        request: Request,
        question: _Span,
    ) -> Goals:
        """Every goal with status, interval and change since last week."""
        return pages.goals(asked.scope(request, question))

    @router.get("/metrics")
    def metrics(request: Request) -> list[MetricName]:
        """Every metric of the catalogue."""
        if current_principal(request) is None:
            raise UnauthenticatedError()
        return list(metric_names(catalog))

    @router.get("/metrics/{name}/series")
    def series(
        request: Request,
        name: _Name,
        question: _Span,
    ) -> MetricSeries:
        """A metric over time with its 95 % interval."""
        scope = asked.scope(request, question)
        return pages.series(scope, name)

    @router.get("/metrics/{name}/value")
    def value(
        request: Request,
        name: _Name,
        question: _Span,
    ) -> MetricValue:
        """A metric over the whole range."""
        return pages.value(asked.scope(request, question), name)

    @router.get("/metrics/{name}/funnel")
    def funnel(
        request: Request,
        name: _Name,
        question: _Span,
    ) -> MetricFunnel:
        """A funnel over the whole range."""
        return pages.funnel(asked.scope(request, question), name)


def _place_routes(router: APIRouter, access: Access, addresses: Addresses) -> None:
    @router.get("/addresses")
    def where(request: Request) -> Addresses:
        """Where to send events, for the commands that pages show."""
        if current_principal(request) is None:
            raise UnauthenticatedError()
        return addresses

    @router.get("/projects")
    def projects(request: Request) -> Projects:
        """Projects that ever had a key (nothing sends without) and that the asker may see."""
        principal = current_principal(request)
        if principal is None:
            raise UnauthenticatedError()
        return visible_projects(principal, access.keys.places())


def visible_projects(principal: Principal, places: set[tuple[ProjectId, Environment]]) -> Projects:
    """The places the principal may see, by project; real projects before the demo."""
    environments: dict[ProjectId, list[Environment]] = defaultdict(list)
    for project, place in places:
        if allow(principal, "pages.view", project, place):
            environments[project].append(place)
    lines = [
        ProjectLine(
            project=project,
            environments=tuple(sorted(found, key=ENVIRONMENTS.index)),
            is_simulated=project == DEMO_PROJECT,
        )
        for project, found in environments.items()
    ]
    return Projects(
        projects=tuple(sorted(lines, key=lambda line: (line.is_simulated, line.project)))
    )
