"""From a criterion to the test that shows it: which tests there are, which rows name them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from house.tree import ROOT, files, parsed, shown

NOT_YET = "not yet built"
CRITERIA = {
    **{"IG-241": 3, "IG-242": 5, "IG-243": 3, "IG-244": 3, "IG-245": 2, "IG-246": 2},
    **{"IG-247": 4, "IG-248": 3, "IG-249": 3, "IG-250": 2, "IG-251": 3, "IG-252": 1},
    **{"BP-201": 6, "BP-202": 3, "BP-203": 3, "BP-204": 3, "BP-205": 3, "BP-206": 2},
    **{"BP-207": 3, "BP-208": 3, "BP-209": 5, "BP-210": 3, "BP-211": 1},
}
"""How many criteria the plan gives each story: a list that lost one fails."""

POINTS = {
    **{"IG-241": 5, "IG-242": 8, "IG-243": 5, "IG-244": 8, "IG-245": 5, "IG-246": 5},
    **{"IG-247": 8, "IG-248": 8, "IG-249": 5, "IG-250": 3, "IG-251": 3, "IG-252": 5},
    **{"BP-201": 8, "BP-202": 5, "BP-203": 5, "BP-204": 3, "BP-205": 8, "BP-206": 5},
    **{"BP-207": 3, "BP-208": 5, "BP-209": 3, "BP-210": 2, "BP-211": 5},
}
STRETCH = {"IG-252", "BP-211"}

_ROW = re.compile(r"^\| ((?:IG|BP)-\d{3})\.(\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class KnownTests:
    """Every test of the tree, as `path::name`."""

    ids: frozenset[str]

    def has(self, name: str) -> bool:
        """A test, or a whole file or folder of tests."""
        inside = (f"{name}::", f"{name}/")
        return name in self.ids or any(test.startswith(inside) for test in self.ids)


def known_tests(root: Path = ROOT) -> KnownTests:
    return KnownTests(
        frozenset(
            f"{shown(path, root)}::{name}"
            for path in files("tests", root=root)
            if path.name.startswith("test_")
            for name in _names(parsed(path))
        )
    )


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test_"):
                    yield name
            case ast.ClassDef(name=name) if name.startswith("Test"):
                yield name  # its tests may be inherited from a suite
                yield from (f"{name}::{inner}" for inner in _names(ast.Module(node.body, [])))
            case ast.Assign(targets=[ast.Name(id=name)]) if name.startswith("Test"):
                yield name
            case _:
                pass


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a story: in our words, and the tests that show it."""

    story: str
    number: int
    words: str
    proof: str

    @property
    def is_built(self) -> bool:
        return self.proof != NOT_YET

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.proof)


def criteria(page: str) -> list[Criterion]:
    return [Criterion(row[0], int(row[1]), row[2], row[3]) for row in _ROW.findall(page)]


def story_faults(page: str, tests: KnownTests) -> Iterator[str]:
    """Stories or criteria without a row, rows without a test, tests that are not there."""
    rows = criteria(page)
    for story, count in CRITERIA.items():
        numbers = [row.number for row in rows if row.story == story]
        if numbers != list(range(1, count + 1)):
            yield f"{story} has criteria {numbers}; the plan has {count}"
        if not re.search(rf"^### {story} .*\({POINTS[story]} points", page, re.MULTILINE):
            yield f"{story} has no heading with its {POINTS[story]} points"
    for row in rows:
        name = f"{row.story}.{row.number}"
        if row.story not in CRITERIA:
            yield f"{name} is no story of the plan"
        if row.is_built and not row.tests:
            yield f"{name} names no test and does not say `{NOT_YET}`"
        for test in row.tests:
            if not tests.has(test):
                yield f"{name} names {test}, which does not exist"


def state_of(story: str, rows: list[Criterion]) -> str:
    """built, partly or not yet built, as its criteria are."""
    built = [row.is_built for row in rows if row.story == story]
    if built and all(built):
        return "built"
    return "partly" if any(built) else NOT_YET


def state_faults(readme: str, page: str) -> Iterator[str]:
    """The README's story map says what the criteria say."""
    rows = criteria(page)
    for story in CRITERIA:
        state = state_of(story, rows)
        if not re.search(rf"^\| {story} \|.*\| {state} \|$", readme, re.MULTILINE):
            yield f"the story map does not say that {story} is {state}"
