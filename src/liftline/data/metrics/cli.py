"""`liftline metrics`: check definitions, see the SQL, write the reference page."""

# ruff: noqa: T201, PLC0415 - a command line prints; what only some words need comes late

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cyclopts import App

from liftline.core.errors import NotFoundError

EXIT_INVALID: Final = 2

app = App(name="metrics", help="Metrics and goals: check, show the SQL, write the reference.")


class NoSuchMetricError(NotFoundError):
    """There is no metric of that name."""

    code = "metrics.no_such_metric"
    default_cure = "run `liftline metrics check` to see the names"


@app.command
def check(*directories: Path) -> None:
    """Read the shipped definitions and those of the directories; say what is wrong, and where.

    Parameters
    ----------
    directories
        Folders with metrics.yml or goals.yml, such as your plan_dir.
    """
    from liftline.data.metrics.catalog import load_catalog
    from liftline.data.metrics.contracts import DefinitionError

    try:
        catalog = load_catalog(directories)
    except DefinitionError as error:
        print(f"{error.message}  [{error.code}]")
        if error.cure:
            print(f"    cure: {error.cure}")
        sys.exit(EXIT_INVALID)
    print(f"{len(catalog.metrics)} metrics: {', '.join(catalog.metrics)}")
    waiting = [goal.id for goal in catalog.goals if goal.metric not in catalog.metrics]
    print(f"{len(catalog.goals)} goals; waiting for their metric: {', '.join(waiting) or 'none'}")


@app.command
def sql(name: str, *directories: Path) -> None:
    """Print the SQL of a metric as the pages ask it, over a week.

    Parameters
    ----------
    name
        The metric.
    directories
        Folders with your own metrics.yml.
    """
    from liftline.core.ids import DEMO_PROJECT
    from liftline.data.metrics import compiler
    from liftline.data.metrics.catalog import load_catalog
    from liftline.data.metrics.contracts import MetricQuery

    metric = load_catalog(directories).metrics.get(name)
    if metric is None:
        raise NoSuchMetricError(f"no metric is called {name!r}")
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    query = MetricQuery(
        project=DEMO_PROJECT, environment="prod", start=end - timedelta(days=7), end=end
    )
    compile_ = {
        "funnel": compiler.compile_funnel,
        "retention": compiler.compile_retention,
    }.get(metric.type, compiler.compile_series)
    compiled = compile_(metric, query)
    for parameter, value in compiled.parameters.items():
        print(f"-- ${parameter} = {value}")
    print(compiled.sql)


@app.command
def reference(*directories: Path) -> None:
    """Print the reference page of all definitions as Markdown.

    Parameters
    ----------
    directories
        Folders with your own definitions.
    """
    from liftline.data.metrics.catalog import load_catalog
    from liftline.data.metrics.reference import reference_page

    print(reference_page(load_catalog(directories)), end="")
