"""The reference page is what the definitions make of it."""

from __future__ import annotations

from pathlib import Path

from liftline.data.metrics.contracts import Catalog
from liftline.data.metrics.reference import CURE, reference_page

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "metrics.md"


def test_the_page_is_fresh(shipped_catalog: Catalog) -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(shipped_catalog), f"run: {CURE}"


def test_every_definition_is_on_it(shipped_catalog: Catalog) -> None:
    page = reference_page(shipped_catalog)
    for name in shipped_catalog.metrics:
        assert f"\n## {name}\n" in page
    for goal in shipped_catalog.goals:
        assert f"\n### {goal.id}\n" in page
