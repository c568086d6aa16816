"""Goal: what the papers tell a reader to type works, words mean one thing, numbers are measured."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from cyclopts import CycloptsError, MissingArgumentError

from house import papers
from house.tree import ROOT, files, parsed, shown
from liftline.app.cli import app, register_rooms
from liftline.data.events.loader import read_plan

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")
CODE_AND_YAML = (".py", ".yml", ".sql")
LOCKS = ("runtime", "dev", "bootstrap")
GLOSSARY = ROOT / "docs/glossary.md"


@pytest.fixture(scope="module")
def all_commands() -> None:
    register_rooms()


def command_faults(words: list[str], *, is_whole: bool = True) -> list[str]:
    if words[0] == "make":
        return list(papers.make_faults(words, papers.make_targets(read("Makefile"))))
    if words[1:] in (["--version"], ["--help"]):
        return []
    try:
        app.parse_args(words[1:], exit_on_error=False, print_error=False)
    except MissingArgumentError as error:
        return [f"`{' '.join(words)}`: {error}"] if is_whole else []
    except CycloptsError as error:
        return [f"`{' '.join(words)}`: {error}"]
    return []


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.usefixtures("all_commands")
@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_exist(page: str) -> None:
    found, mentioned = papers.commands(read(page)), papers.mentions(read(page))
    faults = [fault for words in found for fault in command_faults(words)]
    faults += [fault for words in mentioned for fault in command_faults(words, is_whole=False)]
    assert faults == []
    if page == "README.md":
        assert {"run", "test"} <= {words[1] for words in found if words[0] == "make"}


@pytest.mark.usefixtures("all_commands")
@pytest.mark.parametrize("line", ["make rocket", "liftline rocket", "liftline up --rocket 1"])
def test_canary_a_command_that_is_not_there_is_found(line: str) -> None:
    assert len(command_faults(papers.commands(f"```sh\n{line}  # go\n```\n")[0])) == 1


def test_the_readme_s_own_event_is_a_good_one(tmp_path: Path) -> None:
    example = re.search(r"<<'YAML'\n(.*?)^YAML$", read("README.md"), re.MULTILINE | re.DOTALL)
    assert example is not None
    (tmp_path / "report_exported.yml").write_text(example[1])
    reading = read_plan([ROOT / "tracking/events", tmp_path])
    assert reading.findings == ()
    assert "report_exported" in {event.name for event in reading.events}


def test_the_readme_s_requests_are_json() -> None:
    bodies = re.findall(r"-d '\n(.*?)'\n```", read("README.md"), re.DOTALL)
    events = [json.loads(body.replace("'$NOW'", "2026-01-01T00:00:00Z")) for body in bodies]
    assert [event["message_id"] for event in events] == ["first-1", "first-2"]


def test_the_glossary_is_in_order() -> None:
    assert list(papers.glossary_faults(GLOSSARY.read_text("utf-8"))) == []


def test_code_uses_the_glossary_s_words() -> None:
    rows = papers.glossary(GLOSSARY.read_text("utf-8"))
    banned = {word for _, _, instead in rows for word in instead}
    faults = [
        f"{shown(path)}: {fault}"
        for path in files("src", "demo")
        for fault in papers.word_faults(parsed(path), banned)
    ]
    assert faults == []
    assert len(rows) >= 25


def test_canary_a_word_with_two_names_is_found() -> None:
    twice = "| **flag** | A switch. | `toggle` |\n| **flag** | A switch. | `toggle` |\n"
    assert list(papers.glossary_faults(twice)) == ["flag is explained twice"]
    seeded = ast.parse("def read_toggle(toggle): ...\nclass ToggleStore: ...\n")
    assert len(list(papers.word_faults(seeded, {"toggle"}))) == 3


def test_the_changelog_is_in_form() -> None:
    assert list(papers.changelog_faults(read("CHANGELOG.md"))) == []


@pytest.mark.parametrize(
    ("seeded", "count"),
    [
        ("# Changelog\n## [Unreleased]\n### Added\n- It.\n", 0),
        ("# Changelog\n## [Unreleased]\n### Numbers\n- 3 times (`bench/real.py`)\n", 0),
        ("# Changelog\n## [Unreleased]\n### Numbers\n- 3 times as fast\n", 1),
        ("# Changelog\n## [Unreleased]\n### Numbers\n- 3 times (`bench/gone.py`)\n", 1),
        ("# Changelog\n## [Unreleased]\n### News\n- It.\n", 1),
        ("# Changelog\n## [Unreleased]\n## 1.0\n", 1),
        ("# Changes\n## [Unreleased]\n", 1),
    ],
)
def test_canary_a_changelog_out_of_form_is_found(seeded: str, count: int, tmp_path: Path) -> None:
    bench = tmp_path / "bench/real.py"
    bench.parent.mkdir()
    bench.touch()
    assert len(list(papers.changelog_faults(seeded, tmp_path))) == count


def test_every_dependency_has_its_sentence() -> None:
    page = read("docs/reference/dependencies.md")
    named = papers.dependencies(
        read("pyproject.toml"), *(read(f"requirements/{name}.in") for name in LOCKS)
    )
    assert [name for name in named if not papers.is_explained(name, page)] == []
    assert len(named) > 25


def test_canary_a_dependency_without_a_sentence_is_found() -> None:
    named = papers.dependencies('[project]\ndependencies = ["leftpad>=1"]\n', "rightpad==2\n")
    assert named == ["leftpad", "rightpad"]
    assert not papers.is_explained("leftpad", "| uvicorn | Serves. |")


def test_what_is_linked_exists() -> None:
    pages = [(path, path.read_text("utf-8")) for path in files(".", suffixes=(".md",))]
    code = [
        (path, path.read_text("utf-8").replace("](", "] ("))  # a call is no link
        for path in files("src", "tracking", suffixes=CODE_AND_YAML)
    ]
    faults = [
        f"{shown(path)} {fault}"
        for path, text in (*pages, *code)
        for fault in papers.link_faults(text, path.parent)
    ]
    assert faults == []


def test_canary_a_dead_link_is_found(tmp_path: Path) -> None:
    seeded = "[here](there.md) and docs/how/nowhere.md, not [out](https://example.org/a.md)"
    assert len(list(papers.link_faults(seeded, tmp_path, tmp_path))) == 2
