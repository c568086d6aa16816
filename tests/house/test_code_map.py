"""Goal: the architecture page is short and its code map is what the rooms say."""

from __future__ import annotations

import re

import pytest

from house import code_map
from house.traces import known_tests
from house.tree import ROOT

LINES = 250


def test_the_code_map_is_fresh() -> None:
    page = code_map.PAGE.read_text("utf-8")
    fresh = code_map.with_map(page, code_map.code_map())
    assert page == fresh, "Cure: .venv/bin/python -m house.code_map"


def test_canary_a_stale_map_is_found() -> None:
    page = f"a\n{code_map.BEGIN}\nold\n{code_map.END}\nb\n"
    assert code_map.with_map(page, "new") == page.replace("old", "new")
    with pytest.raises(ValueError, match="marks"):
        code_map.with_map("a page without marks", "new")


def test_the_page_stays_short() -> None:
    assert code_map.PAGE.read_text("utf-8").count("\n") <= LINES


def test_invariants_name_tests_that_exist() -> None:
    page = code_map.PAGE.read_text("utf-8")
    named = re.findall(r"`(tests/[\w/.]+\.py(?:::\w+)*)`", page)
    tests = known_tests(ROOT)
    assert [name for name in named if not tests.has(name)] == []
    assert len(named) >= 10
