"""Goal: every module of the product is used by it."""

from __future__ import annotations

import grimp

from house.orphans import orphans
from house.rooms import manifest, room_folders


def graph() -> grimp.ImportGraph:
    return grimp.build_graph("liftline", cache_dir=None)


def named_by_manifests() -> set[str]:
    rooms = [manifest(folder) for folder in room_folders()]
    named = [
        reference
        for room in rooms
        for reference in (*room.routes, *room.commands.values(), *(job.run for job in room.jobs))
    ]
    return {reference.partition(":")[0] for reference in named}


def test_nothing_lies_about_unused() -> None:
    assert orphans(graph(), named_by_manifests()) == []


def test_canary_an_unused_module_is_found() -> None:
    seeded = graph()
    seeded.add_module("liftline.core.forgotten")
    assert "liftline.core.forgotten" in orphans(seeded, set())
