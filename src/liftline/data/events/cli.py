"""`liftline tracking`: check the plan, build from it, compare two, put one in force."""

# ruff: noqa: T201, PLC0415 - a command line prints; what only some words need comes late

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from liftline.core.errors import UnavailableError
from liftline.data.events.contracts import PLAN_APPLIER, PLAN_DIRECTORIES

Json = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Alone = Annotated[
    bool, Parameter(name="--alone", help="Leave the shipped plan out: these directories only.")
]
EXIT_INVALID: Final = 2
EXIT_CONFLICT: Final = 4

app = App(name="tracking", help="The tracking plan: check, build, diff, apply.")


class NoAppError(UnavailableError):
    """There is no running Liftline to put the plan in force."""

    code = "events.no_app"
    default_cure = "start it with `liftline up`; it reads the plan in plan_dir when it starts"


@app.command
def check(
    *directories: Path, alone: Alone = False, strict: bool = False, json: Json = False
) -> None:
    """Check every event: shape, names, owners, bounds, and that its examples do as they say.

    Parameters
    ----------
    directories
        Folders of YAML files, on top of the shipped plan; none means the plan in use.
    strict
        Warnings fail too.
    """
    from liftline.data.events.loader import read_plan

    stack = _stack(directories, alone=alone)
    reading = read_plan(stack)
    failing = reading.findings if strict else reading.errors
    if json:
        rows = [_finding_row(one) for one in reading.findings]
        print(jsonlib.dumps({"events": len(reading.events), "findings": rows}))
    else:
        for finding in reading.findings:
            print(f"{_short(finding.file)}:{finding.line}: {finding.severity}: {finding.message}")
            print(f"    cure: {finding.cure}  [{finding.code}]")
        print(_summary(len(reading.events), reading.findings, stack))
    if failing:
        sys.exit(EXIT_INVALID)


@app.command
def build(*directories: Path, out: Path, alone: Alone = False, json: Json = False) -> None:
    """Write JSON Schemas, dbt staging models, TypeScript types and the reference page.

    Parameters
    ----------
    directories
        Folders of YAML files, on top of the shipped plan; none means the plan in use.
    out
        Folder to write to; it is made when missing.
    """
    from liftline.data.events.builds import built_files, write_files
    from liftline.data.events.loader import load_plan

    events = load_plan(_stack(directories, alone=alone))
    files = built_files(events)
    write_files(files, out)
    if json:
        print(jsonlib.dumps({"events": len(events), "files": sorted(files)}))
        return
    print(f"{len(files)} files for {len(events)} events in {out}:")
    print("  schemas/         JSON Schema per event, and of a whole batch")
    print("  dbt/models/      contracted staging models with docs and tests")
    print("  typescript/      types for a browser or Node")
    print("  events.md        the reference page")


@app.command
def diff(old: str = "HEAD", new: Path | None = None, *, json: Json = False) -> None:
    """Say what differs between two plans; exit with 4 when an uncovered change breaks something.

    A breaking change is covered when the event's version rises, the removal of an event when
    the old plan calls it deprecated.

    Parameters
    ----------
    old
        A directory, or a git revision (branch, tag, commit) of the new directory; HEAD when left
        out: what you changed since the last commit.
    new
        A directory; the plan in use when left out.
    """
    from liftline.data.events.changes import plan_changes
    from liftline.data.events.loader import load_plan
    from liftline.data.events.revisions import plan_at

    directory = new or _configured()[-1]
    with plan_at(old, directory) as old_directory:
        changes = plan_changes(load_plan([old_directory]), load_plan([directory]))
    refused = [one for one in changes if one.is_refused]
    if json:
        rows = [
            {
                "kind": one.kind,
                "event": one.event,
                "message": one.message,
                "is_breaking": one.is_breaking,
                "is_refused": one.is_refused,
            }
            for one in changes
        ]
        print(jsonlib.dumps({"changes": rows, "refused": len(refused)}))
    else:
        for one in changes:
            print(f"{one}{' - not covered' if one.is_refused else ''}")
        print(_verdict(len(changes), len(refused)))
    if refused:
        sys.exit(EXIT_CONFLICT)


@app.command
def apply(
    directory: Path | None = None, *, allow_breaking: bool = False, json: Json = False
) -> None:
    """Put a plan in force in the running Liftline, without a restart.

    Parameters
    ----------
    directory
        Folder of YAML files, on top of the shipped plan; none means the plan in use.
    allow_breaking
        Take breaking changes that no version covers.
    """
    try:
        applier = PLAN_APPLIER.get()()
    except LookupError:
        raise NoAppError() from None
    target = None if directory is None else directory.resolve()
    applied = applier.apply(target, allow_breaking=allow_breaking)
    if json:
        import msgspec

        print(msgspec.json.encode(applied).decode())
        return
    for change in applied.changes:
        print(change)
    if applied.is_changed:
        print(f"Plan version {applied.version} with {applied.events} events is in force.")
    else:
        print(f"Nothing differs: plan version {applied.version} stays in force.")


def _configured() -> Sequence[Path]:
    """The plan by the settings; without the app, the shipped one and LIFTLINE_PLAN_DIR's."""
    from liftline.data.events.loader import shipped_plan

    configured = PLAN_DIRECTORIES.get(None)
    if configured is not None:
        return configured()
    team = os.environ.get("LIFTLINE_PLAN_DIR")
    return [shipped_plan(), Path(team) / "events"] if team else [shipped_plan()]


def _stack(directories: Sequence[Path], *, alone: bool) -> list[Path]:
    from liftline.data.events.loader import shipped_plan

    if not directories:
        return list(_configured())
    shipped = shipped_plan()
    if alone or any(one.resolve() == shipped.resolve() for one in directories):
        return list(directories)
    return [shipped, *directories]


def _finding_row(finding: object) -> object:
    import msgspec

    return msgspec.to_builtins(finding)


def _short(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file


def _summary(events: int, findings: Sequence[object], stack: Sequence[Path]) -> str:
    where = ", ".join(_short(str(one)) for one in stack)
    what = "no findings" if not findings else f"{len(findings)} findings"
    return f"{events} events in {where}: {what}"


def _verdict(changes: int, refused: int) -> str:
    if not changes:
        return "Nothing differs."
    if not refused:
        return f"{changes} changes, none that breaks without a new version."
    return (
        f"{changes} changes, {refused} of them break without cover. Raise the event's `version`; "
        "to remove an event, set `is_deprecated: true` and apply that first."
    )
