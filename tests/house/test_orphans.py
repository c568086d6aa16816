"""Goal: every module of the product is used by it."""

from __future__ import annotations

import ast

import grimp

from house.orphans import orphans
from house.rooms import manifest, room_folders
from house.tree import files, parsed


def graph() -> grimp.ImportGraph:
    return grimp.build_graph("liftline", cache_dir=None)


def named_by_manifests() -> set[str]:
    rooms = [manifest(folder) for folder in room_folders()]
    named = [
        reference
        for room in rooms
        for reference in (
            *room.routes,
            *(command.run for command in room.commands.values()),
            *(job.run for job in room.jobs),
        )
    ]
    return {reference.partition(":")[0] for reference in named}


def proven_by_conformance() -> set[str]:
    """An adapter that passes its port's suite is there for whoever wires it."""
    return {
        node.module
        for path in files("tests/conformance")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith("liftline.adapters.")
    }


def test_nothing_lies_about_unused() -> None:
    assert orphans(graph(), named_by_manifests() | proven_by_conformance()) == []


def test_canary_an_unused_module_is_found() -> None:
    seeded = graph()
    seeded.add_module("liftline.core.forgotten")
    assert "liftline.core.forgotten" in orphans(seeded, set())
