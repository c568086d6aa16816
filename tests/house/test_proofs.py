"""Goal: every test says its goal and can fail; a skip has a reason, and a line in the list."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import pytest

from house import proofs, tree

ROOT_CONFTEST = tree.ROOT / "tests/conftest.py"


def test_files() -> None:
    checked = [path for path in tree.files("tests") if path.name.startswith("test_")]
    faults = [
        f"{tree.shown(path)}: {fault}"
        for path in checked
        for rule in (proofs.goal_faults, proofs.assertion_faults, proofs.skip_faults)
        for fault in rule(tree.parsed(path))
    ]
    assert faults == []
    assert len(checked) > 10


def test_unit_tests_mirror_the_source() -> None:
    floors = tree.ROOT / "src/liftline"
    strays = [
        tree.shown(path)
        for path in tree.files("tests/unit")
        if path.name.startswith("test_")
        and path.relative_to(tree.ROOT / "tests/unit").parts[0] != "demo"
        and not (floors / path.relative_to(tree.ROOT / "tests/unit").parent).is_dir()
    ]
    assert strays == []


@pytest.mark.parametrize(
    "seeded",
    [
        "def test_a():\n    x = 1\n",
        "def test_a():\n    run()\ndef run():\n    return 1\n",
        "async def test_a():\n    await run()\n",
    ],
)
def test_canary_a_test_that_proves_nothing_is_found(seeded: str) -> None:
    assert len(list(proofs.assertion_faults(ast.parse(seeded)))) == 1


@pytest.mark.parametrize(
    "accepted",
    [
        "def test_a():\n    assert f()\n",
        "def test_a():\n    with pytest.raises(ValueError):\n        f()\n",
        "def test_a():\n    judge()\ndef judge():\n    assert f()\n",
    ],
)
def test_a_test_that_proves_something_is_left_alone(accepted: str) -> None:
    assert not list(proofs.assertion_faults(ast.parse(accepted)))


@pytest.mark.parametrize(
    "seeded",
    [
        "@pytest.mark.skip\ndef test_a(): ...\n",
        "@pytest.mark.skipif(True)\ndef test_a(): ...\n",
        "def test_a():\n    pytest.skip()\n",
    ],
)
def test_canary_a_skip_without_a_reason_is_found(seeded: str) -> None:
    assert len(list(proofs.skip_faults(ast.parse(seeded)))) == 1


def test_canary_a_test_without_a_goal_is_found() -> None:
    assert list(proofs.goal_faults(ast.parse("import pytest\n")))


def test_every_listed_skip_says_why() -> None:
    lines = (tree.ROOT / "tests/listed_skips.txt").read_text().splitlines()
    listed = [line for line in lines if line.strip() and not line.startswith("#")]
    assert all(re.search(r"^\S+ +\| .+# .+", line) for line in listed)


@pytest.fixture
def skipping(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(ROOT_CONFTEST.read_text("utf-8"))
    pytester.makepyfile("import pytest\ndef test_a():\n    pytest.skip('no moon tonight')\n")
    return pytester


@pytest.mark.parametrize(
    ("listed", "ci", "code"),
    [("", "true", 1), ("*.py* | *moon*  # it wanes", "true", 0), ("", "false", 0)],
)
def test_canary_an_unlisted_skip_fails_in_ci(
    listed: str, ci: str, code: int, skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (skipping.path / "listed_skips.txt").write_text(listed)
    assert skipping.runpytest_subprocess("-p", "no:cacheprovider").ret == code


def test_canary_a_test_that_leaves_this_machine_is_stopped() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match="tried to connect"):
        outward.connect(("192.0.2.1", 80))


def test_settings_from_outside_do_not_reach_a_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFTLINE_HOST", "198.51.100.7")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(ROOT_CONFTEST.read_text("utf-8"))
    pytester.makepyfile("import os\ndef test_a():\n    assert 'LIFTLINE_HOST' not in os.environ\n")
    assert pytester.runpytest_subprocess().ret == 0


def test_the_root_conftest_is_where_this_file_expects_it() -> None:
    assert Path(ROOT_CONFTEST).is_file()
