"""Goal: every criterion of the plan is traced to a test or said to be not yet built."""

from __future__ import annotations

import pytest

from house import traces
from house.tree import ROOT

STORIES = ROOT / "docs/plan/stories.md"
TESTS = traces.KnownTests(frozenset({"tests/acceptance/test_IG_250.py::test_once"}))


def one_story(proof: str) -> str:
    return f"### IG-250 Duplicate activation events (3 points)\n| IG-250.1 | Once. | {proof} |\n"


def faults_of_row(proof: str) -> list[str]:
    return [
        fault
        for fault in traces.story_faults(one_story(proof), TESTS)
        if fault.startswith("IG-250.")
    ]


def test_every_criterion_is_traced() -> None:
    page = STORIES.read_text("utf-8")
    assert list(traces.story_faults(page, traces.known_tests(ROOT))) == []
    assert len(traces.criteria(page)) == sum(traces.CRITERIA.values()) == 69


def test_the_story_map_says_what_the_criteria_say() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert list(traces.state_faults(readme, STORIES.read_text("utf-8"))) == []


def test_the_points_are_the_plan_s_own() -> None:
    committed = {name: worth for name, worth in traces.POINTS.items() if name not in traces.STRETCH}
    assert len(traces.POINTS) == 23
    assert sum(worth for name, worth in committed.items() if name.startswith("IG")) == 63
    assert sum(worth for name, worth in committed.items() if name.startswith("BP")) == 47


@pytest.mark.parametrize(
    ("proof", "count"),
    [
        ("`tests/acceptance/test_IG_250.py::test_once`", 0),
        ("`tests/acceptance/test_IG_250.py`", 0),
        ("not yet built", 0),
        ("`tests/acceptance/test_IG_250.py::test_gone`", 1),
        ("soon", 1),
    ],
)
def test_canary_a_stale_or_missing_test_is_found(proof: str, count: int) -> None:
    assert len(faults_of_row(proof)) == count


def test_canary_a_lost_criterion_is_found() -> None:
    found = list(traces.story_faults(one_story("not yet built"), TESTS))
    assert "IG-250 has criteria [1]; the plan has 2" in found
    assert any(fault.startswith("BP-211 has no heading") for fault in found)


def test_canary_a_boast_in_the_story_map_is_found() -> None:
    page = one_story("not yet built")
    boast = "| IG-250 | Once | built |"
    assert any("IG-250" in fault for fault in traces.state_faults(boast, page))
    assert traces.state_of("IG-250", traces.criteria(page)) == "not yet built"
