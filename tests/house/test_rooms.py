"""Goal: each room is done as the plan defines done: numbers, alert, runbook, way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from house import rooms
from house.tree import ROOT, files
from liftline.app.rooms import CORE_ROOMS
from liftline.core.room import Alert, Command, Room

FOLDERS = rooms.room_folders()
COMPLETE = Room(
    name="seeded",
    floor="data",
    sentence="A room to try the rule on.",
    operational_metrics=("seeded_total",),
    alerts=(Alert(name="a", expression="x > 1", severity="warn", runbook="docs/book.md"),),
    runbook="docs/book.md",
    rollback="set seeded = false",
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_room_is_shaped_and_done(folder: Path) -> None:
    assert list(rooms.shape_faults(folder)) == []
    room = rooms.manifest(folder)
    assert list(rooms.manifest_faults(room)) == []
    assert (room.name, room.floor) == (folder.name, folder.parent.name)


def test_every_room_is_wired() -> None:
    assert {f"{rooms.module_of(folder)}.room" for folder in FOLDERS} == set(CORE_ROOMS)
    assert len(FOLDERS) >= 13


def test_operational_metrics_are_made_somewhere() -> None:
    source = "\n".join(
        path.read_text("utf-8") for path in files("src", "demo") if path.name != "room.py"
    )
    missing = {
        folder.name: found
        for folder in FOLDERS
        if (found := rooms.unmeasured(rooms.manifest(folder), source))
    }
    assert missing == {}


def test_nothing_in_the_tree_is_called_twice() -> None:
    manifests = [rooms.manifest(folder) for folder in FOLDERS]
    for field in ("events", "metrics", "models"):
        named = [name for room in manifests for name in getattr(room, field)]
        assert sorted(set(named)) == sorted(named), field
    alerts = [alert.name for room in manifests for alert in room.alerts]
    assert sorted(set(alerts)) == sorted(alerts)


@pytest.mark.parametrize(
    "undone",
    [
        replace(COMPLETE, operational_metrics=()),
        replace(COMPLETE, alerts=()),
        replace(COMPLETE, rollback=""),
        replace(COMPLETE, runbook=""),
        replace(COMPLETE, runbook="docs/nowhere.md"),
        replace(COMPLETE, sentence=" "),
        replace(COMPLETE, stories=("IG-999",)),
        replace(COMPLETE, routes=("liftline.core.clock:nothing",)),
        replace(COMPLETE, commands={"word": Command(run="liftline.nowhere:app", help="x")}),
    ],
    ids=lambda room: "",
)
def test_canary_an_undone_room_is_found(undone: Room, tmp_path: Path) -> None:
    book = tmp_path / "docs/book.md"
    book.parent.mkdir()
    book.write_text("# Book\n## Symptom\n## Check\n## Act\n## Roll back\n")
    module = tmp_path / "src/liftline/core/clock.py"
    module.parent.mkdir(parents=True)
    module.write_text((ROOT / "src/liftline/core/clock.py").read_text())
    assert list(rooms.manifest_faults(COMPLETE, tmp_path)) == []
    assert len(list(rooms.manifest_faults(undone, tmp_path))) == 1


def test_canary_a_runbook_without_a_way_back_is_found(tmp_path: Path) -> None:
    book = tmp_path / "book.md"
    book.write_text("## Symptom\n## Check\n## Act\n")
    assert list(rooms.runbook_faults(book, tmp_path)) == ["book.md has no part `Roll back`"]


def test_canary_a_metric_that_nothing_makes_is_found() -> None:
    assert rooms.unmeasured(COMPLETE, 'Counter("seeded", "text")') == []
    assert rooms.unmeasured(COMPLETE, 'Counter("other_seeded_more")') == ["seeded_total"]


def test_canary_a_room_without_a_door_is_found(tmp_path: Path) -> None:
    for name in ("__init__.py", "room.py"):
        (tmp_path / name).touch()
    assert list(rooms.shape_faults(tmp_path)) == []
    (tmp_path / "shards.py").touch()
    assert len(list(rooms.shape_faults(tmp_path))) == 1
    (tmp_path / "room.py").unlink()
    assert len(list(rooms.shape_faults(tmp_path))) == 2
