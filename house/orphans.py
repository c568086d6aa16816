"""Modules that nothing uses: neither imported, nor named by a manifest, nor an entry."""

from __future__ import annotations

import grimp

ENTRIES = ("liftline.app.cli", "liftline.app.processes", "liftline.app.rooms")
FOR_TESTS = (".conformance", ".memory", ".temporary_postgres")
"""Suites and doubles that ship so that third parties can prove an adapter."""
BY_PATH = ".migrations."
"""Alembic finds its scripts by their folder."""


def orphans(graph: grimp.ImportGraph, named: set[str]) -> list[str]:
    """Leaf modules that are reached by no import and no name."""
    return sorted(
        module
        for module in graph.modules
        if not graph.find_children(module)
        and not graph.find_modules_that_directly_import(module)
        and module not in ENTRIES
        and BY_PATH not in module
        and module not in named
        and not module.endswith((*FOR_TESTS, ".room", "__main__"))
    )
