"""Goal: decision records are complete, without a hole, enforced by something that exists."""

from __future__ import annotations

import tomllib

import pytest

from house import decisions
from house.traces import KnownTests, known_tests
from house.tree import ROOT

GOOD = """---
status: accepted
date: 2026-11-23
stories: [IG-241]
enforced_by: [floors]
revisit_when: it hurts
---
# A record
## Context
## Options
## Decision
## What we lose
"""


def contracts() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]}


def faults(text: str) -> list[str]:
    return list(decisions.record_faults(text, KnownTests(frozenset()), {"floors"}))


def test_every_record_is_complete() -> None:
    tests, known = known_tests(ROOT), contracts()
    found = [
        f"{path.name}: {fault}"
        for path in decisions.records().values()
        for fault in decisions.record_faults(path.read_text("utf-8"), tests, known)
    ]
    assert found == []
    assert len(decisions.records()) >= 9


def test_numbers_run_without_a_hole() -> None:
    assert list(decisions.numbering_faults(set(decisions.records()))) == []


def test_canary_a_hole_is_found() -> None:
    assert list(decisions.numbering_faults({1, 2, 4, 42})) == ["0003 is missing"]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("status: accepted", "status: agreed"),
        ("date: 2026-11-23", "date: soon"),
        ("enforced_by: [floors]", "enforced_by: [a_wall_that_is_not]"),
        ("enforced_by: [floors]", "enforced_by: []"),
        ("stories: [IG-241]", "stories: [IG-999]"),
        ("revisit_when: it hurts", "revisit_when:"),
        ("## What we lose", "## Gains"),
        ("## Context", "## Context" + "\n" * 80),
    ],
)
def test_canary_an_incomplete_record_is_found(was: str, becomes: str) -> None:
    assert faults(GOOD) == []
    assert len(faults(GOOD.replace(was, becomes))) == 1


def test_a_draft_may_be_enforced_by_nothing_yet() -> None:
    draft = GOOD.replace("accepted", "draft").replace("[floors]", "[]")
    assert faults(draft) == []


def test_canary_a_record_without_front_matter_is_found() -> None:
    assert len(faults("# A record\n")) == len(decisions.FIELDS)
