"""The plan's Definition of Done, asked of each room's manifest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from house.tree import ROOT, parsed, shown
from liftline.core.room import Room

FLOORS = ("platform", "data", "decide", "report", "growth", "build")
STORY = re.compile(r"(IG-2(4[1-9]|5[0-2])|BP-2(0[1-9]|1[01]))\Z")
RUNBOOK_PARTS = ("Symptom", "Check", "Act", "Roll back")


def room_folders(root: Path = ROOT) -> list[Path]:
    """Every folder one level under a floor."""
    floors = [root / "src/liftline" / floor for floor in FLOORS]
    return [
        room
        for floor in floors
        if floor.is_dir()
        for room in sorted(floor.iterdir())
        if (room / "__init__.py").is_file()
    ]


def module_of(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT / "src").parts)


def manifest(folder: Path) -> Room:
    """The room's manifest. Raises ImportError or AttributeError where there is none."""
    room: Room = import_module(f"{module_of(folder)}.room").ROOM
    return room


def shape_faults(folder: Path) -> Iterator[str]:
    """A room has a manifest; code that others may call has a door."""
    present = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    if "room.py" not in present:
        yield "has no room.py"
    if present - {"room.py"} and not present & {"api.py", "contracts.py"}:
        yield "has no door: neither api.py nor contracts.py"


def manifest_faults(room: Room, root: Path = ROOT) -> Iterator[str]:
    """What the Definition of Done asks for: numbers, an alert, a runbook, a way back."""
    if not room.sentence.strip():
        yield "does not say what it is for"
    if not (room.metrics or room.operational_metrics):
        yield "no metric and no operational metric: nobody can see it work"
    if not room.alerts:
        yield "no alert: nobody hears of its failure"
    if not room.rollback:
        yield "no rollback line"
    if not room.runbook:
        yield "no runbook"
    for book in sorted({room.runbook, *(alert.runbook for alert in room.alerts)} - {""}):
        yield from runbook_faults(root / book.split("#", maxsplit=1)[0], root)
    yield from (f"{story} is not a story" for story in room.stories if not STORY.match(story))
    for reference in [
        *room.routes,
        *(command.run for command in room.commands.values()),
        *(job.run for job in room.jobs),
    ]:
        yield from reference_faults(reference, root)


def runbook_faults(path: Path, root: Path = ROOT) -> Iterator[str]:
    if not path.is_file():
        yield f"runbook {shown(path, root)} does not exist"
        return
    text = path.read_text("utf-8").lower()
    for part in RUNBOOK_PARTS:
        if not re.search(rf"^#+ .*{part.lower()}", text, re.MULTILINE):
            yield f"{shown(path, root)} has no part `{part}`"


def reference_faults(reference: str, root: Path = ROOT) -> Iterator[str]:
    """`package.module:name` must name something that the module defines."""
    module, _, name = reference.partition(":")
    path = root / "src" / Path(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        yield f"{reference}: there is no such module"
    elif name not in defined(parsed(path)):
        yield f"{reference}: the module does not define {name or 'a name'}"


def defined(tree: ast.Module) -> set[str]:
    """The names a module defines at its top."""
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case _:
                pass
    return names


def unmeasured(room: Room, source: str) -> list[str]:
    """Operational metrics that no code of the tree makes; `source` is all code but manifests."""
    return [
        name
        for name in room.operational_metrics
        if not re.search(rf"[\"'\s]{re.escape(name.removesuffix('_total'))}(_total)?\b", source)
    ]
