"""`liftline warehouse`: status, build, rebuild, and a read-only query."""

# ruff: noqa: T201, PLC0415 - a command line prints; what only some words need comes late

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from liftline.data.warehouse.calls import SocketCalls
    from liftline.data.warehouse.contracts import BuildResult
    from liftline.data.warehouse.wire import RebuildReply

Data = Annotated[Path | None, Parameter(name="--data", help="Data directory (LIFTLINE_DATA_DIR).")]
Json = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
EXIT_BROKEN: Final = 1

app = App(name="warehouse", help="The analytical database: status, build, rebuild, sql.")


@app.command
def status(*, data: Data = None, json: Json = False) -> None:
    """Say how far loading is, how the last build went, and what is wrong."""
    import msgspec

    from liftline.core.units import size_text

    now = _calls(data).status()
    if json:
        print(msgspec.json.encode(now).decode())
        return
    print(f"state      {now.state}")
    print(f"loaded     {now.loaded_events} events, up to {now.loaded_position}")
    print(f"pending    {now.pending_events} events, durable up to {now.durable_position}")
    print(f"last load  {now.last_load_at or 'none since the start'}")
    print(f"size       {size_text(now.size_bytes)}")
    if now.last_build is not None:
        _print_build(now.last_build)
    if now.problem:
        print(f"problem    {now.problem}\ncure       {now.cure}")
    if now.state == "stopped":
        sys.exit(EXIT_BROKEN)


@app.command
def build(*, data: Data = None) -> None:
    """Run dbt now: every model, then its tests."""
    result = _calls(data).build()
    _print_build(result)
    sys.exit(0 if result.is_ok else EXIT_BROKEN)


@app.command
def rebuild(
    *,
    verify: Annotated[
        bool, Parameter(help="Compare both files, and keep the old on a difference")
    ] = True,
    from_this_log: Annotated[
        bool, Parameter(negative="", help="Take the log there is, and lose what it does not have")
    ] = False,
    data: Data = None,
) -> None:
    """Make the warehouse again from the log alone, prove that it is the same, and swap it in.

    Loading pauses meanwhile; queries and pages go on with the old file. When the log was lost
    or restored from an older copy, --from-this-log is the way out: it compares nothing, loads
    what the log has, and keeps the old file beside the new one as liftline.duckdb.replaced.
    """
    reply = _calls(data).rebuild(verify=verify, from_this_log=from_this_log)
    print(reply.text)
    print(_verdict(reply, from_this_log))
    sys.exit(0 if reply.is_in_place else EXIT_BROKEN)


@app.command
def sql(
    query: str,
    *,
    data: Data = None,
    json: Json = False,
    max_rows: int = 1000,
    timeout_s: float = 60,
) -> None:
    """Run one reading statement, such as "select * from ledger.ledger limit 5"."""
    import msgspec

    rows = _calls(data).query(query, None, max_rows=max_rows, timeout_s=timeout_s)
    if json:
        print(msgspec.json.encode(rows).decode())
        return
    print("\t".join(rows.columns))
    for row in rows.rows:
        print("\t".join("" if value is None else str(value) for value in row))
    if rows.is_truncated:
        print(f"... more than {max_rows} rows", file=sys.stderr)


def _verdict(reply: RebuildReply, from_this_log: bool) -> str:
    """What the rebuild proved, and no more than that."""
    if from_this_log:
        return (
            "the file made from this log is in place; events that only the old file had are no"
            " longer visible: they are in warehouse/liftline.duckdb.replaced"
        )
    if reply.is_same:
        return "the same; the rebuilt file is in place"
    if reply.is_in_place:
        return "the rebuilt file is in place, NOT compared with the old one"
    return "NOT the same; kept the old"


def _print_build(result: BuildResult) -> None:
    word = "ok" if result.is_ok else "FAILED"
    print(
        f"build      {word}: {result.models_built} models, {result.tests_passed} tests passed"
        f" in {result.duration_s:.1f} s at {result.started_at}"
    )
    for failure in result.failures:
        print(f"           {failure}")


def _calls(data: Path | None) -> SocketCalls:
    from liftline.data.warehouse.calls import SocketCalls

    root = data or Path(os.environ.get("LIFTLINE_DATA_DIR", "liftline-data"))
    return SocketCalls(root / "run" / "warehouse.sock")
