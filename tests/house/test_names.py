"""Goal: no grab-bag modules, no barrels, no import that the walls cannot see."""

from __future__ import annotations

import ast

import pytest

from house import names, tree

IMPORTS_BY_STRING = {"src/liftline/app/rooms.py"}
"""The composition root reads the rooms' manifests: the one seam where a name becomes code."""


def test_paths_name_concepts() -> None:
    paths = [tree.shown(path) for path in tree.files("src", "house", "demo", "bench", "tests")]
    assert [fault for path in paths for fault in names.path_faults(path)] == []
    assert len(paths) > 60


@pytest.mark.parametrize(
    "path",
    ["src/liftline/data/log/utils.py", "src/liftline/growth/common/api.py", "bench/data.py"],
)
def test_canary_a_grab_bag_is_found(path: str) -> None:
    assert list(names.path_faults(path))


def test_the_floor_called_data_is_no_grab_bag() -> None:
    assert not list(names.path_faults("src/liftline/data/log/segments.py"))


def test_package_files_hold_one_sentence() -> None:
    packages = [path for path in tree.files("src", "house", "demo") if path.name == "__init__.py"]
    faults = [
        f"{tree.shown(path)}: {fault}"
        for path in packages
        for fault in names.barrel_faults(
            tree.parsed(path), is_root=tree.shown(path) == "src/liftline/__init__.py"
        )
    ]
    assert faults == []
    assert len(packages) > 20


@pytest.mark.parametrize("seeded", ["", '"""A room."""\nfrom x import y\n', "x = 1\n"])
def test_canary_a_barrel_is_found(seeded: str) -> None:
    assert list(names.barrel_faults(ast.parse(seeded)))


def test_nothing_is_imported_by_string() -> None:
    faults = [
        f"{tree.shown(path)}: {fault}"
        for path in tree.files("src")
        if tree.shown(path) not in IMPORTS_BY_STRING
        for fault in names.hidden_import_faults(tree.parsed(path))
    ]
    assert faults == []


def test_canary_an_import_by_string_is_found() -> None:
    seeded = "import importlib\nimportlib.import_module('duckdb')\n__import__('dbt')\n"
    assert len(list(names.hidden_import_faults(ast.parse(seeded)))) == 2
