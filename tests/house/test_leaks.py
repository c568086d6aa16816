"""Goal: nothing in the tree names one machine, an index or a download, or is left for later."""

from __future__ import annotations

import json

import pytest

from house import leaks, tree

TEXT = (
    *(".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".ts", ".tsx", ".js", ".mjs", ".css"),
    *(".html", ".txt", ".in", ".sh", ".json", ""),
)
LATER = "TO" + "DO"


def test_no_text_leaks() -> None:
    checked = [path for path in tree.files(".", suffixes=TEXT) if path.name != "LICENSE"]
    faults = [
        f"{tree.shown(path)}: {fault}"
        for path in checked
        for fault in leaks.text_faults(path.read_text("utf-8", errors="replace"))
    ]
    assert faults == []
    assert len(checked) > 80


@pytest.mark.parametrize(
    "seeded",
    [
        "see /ho" + "me/ada/notes",
        "cp /wo" + "rk/main/x",
        f"# {LATER}: later",
        "https://example.org/a-1.0.tar" + ".gz",
        "<" * 7 + " ours",
    ],
)
def test_canary_a_leak_is_found(seeded: str) -> None:
    assert len(list(leaks.text_faults(seeded))) == 1


def test_python_locks_name_no_address() -> None:
    locks = list(tree.files("requirements", suffixes=(".txt",)))
    assert [
        f"{lock.name}: {f}" for lock in locks for f in leaks.lock_faults(lock.read_text())
    ] == []
    assert {lock.name for lock in locks} == {"lock.txt", "dev.txt", "bootstrap.txt", "node.txt"}


@pytest.mark.parametrize(
    "seeded",
    [
        "--index-url https://example.org\na==1 --hash=sha256:0\n",
        "a==1\n",
        "a>=1 --hash=sha256:0\n",
    ],
)
def test_canary_a_loose_lock_is_found(seeded: str) -> None:
    assert list(leaks.lock_faults(seeded))


def test_npm_locks_name_no_address() -> None:
    locks = [
        path for path in tree.files(".", suffixes=(".json",)) if path.name == "package-lock.json"
    ]
    assert [
        f"{tree.shown(p)}: {f}" for p in locks for f in leaks.npm_lock_faults(p.read_text())
    ] == []


def test_canary_an_npm_lock_with_addresses_is_found() -> None:
    seeded = json.dumps({"packages": {"a": {"resolved": "x", "integrity": "y"}}})
    assert len(list(leaks.npm_lock_faults(seeded))) == 1
