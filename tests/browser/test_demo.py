"""Goal: what `make run` promises, in a real browser: from the printed link to labelled figures
within 90 s of "Ready", the four pages full of the demo, and a broken event seen as it is sent."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.stage import ROOT
from tests.running import PASSWORD, Liftline

pytestmark = pytest.mark.slow

PROMISED_S = 90.0
FIGURE = re.compile(r"^\d\d\.\d+\s%\s±\s\d")


@pytest.fixture(scope="module")
def demo(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liftline]:
    with Liftline(tmp_path_factory.mktemp("demo") / "data", command="demo") as started:
        yield started


@pytest.fixture(scope="module")
def page(chromium: Any, demo: Liftline) -> Iterator[Any]:
    """A browser that followed the printed link; what the page complains of fails the test."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: _is_complaint(said) and complaints.append(said.text))
    link = re.search(r"log in\s+(\S+)", demo.output())
    assert link is not None, demo.output()
    opened.goto(link[1])
    for box in opened.locator("input[type=password]").all():
        box.fill(PASSWORD)
    opened.keyboard.press("Enter")
    opened.wait_for_url(lambda url: "/accept" not in url)
    yield opened
    context.close()
    assert complaints == []


def test_the_overview_shows_labelled_figures_as_promised(page: Any, demo: Liftline) -> None:
    started_s = time.monotonic()
    page.goto(f"{demo.url}/?project=demo&environment=dev")
    activation = page.get_by_role("region", name="Goals").locator(".goal-figure .value").first
    activation.wait_for(timeout=PROMISED_S * 1000)
    assert FIGURE.match(activation.inner_text())
    assert time.monotonic() - started_s < PROMISED_S
    share = float(activation.inner_text().split()[0])
    assert 37 < share < 47, "the stated truth is 42 %"
    assert page.get_by_text("simulated", exact=True).first.is_visible()
    assert page.locator("canvas").first.is_visible(), "activation is drawn"


def test_health_balances_and_every_process_runs(page: Any, demo: Liftline) -> None:
    page.goto(f"{demo.url}/data/health?project=demo&environment=dev")
    page.get_by_text("It adds up").wait_for(timeout=10_000)
    table = page.get_by_role("table", name="Processes")
    assert table.get_by_text("ready").count() == 4
    for name in ("app", "collector", "warehouse", "demo"):
        assert table.get_by_role("cell", name=name, exact=True).is_visible()


def test_a_broken_event_is_seen_with_its_reason(page: Any, demo: Liftline) -> None:
    key = demo.key()
    broken = {"event": "checklist_viewed", "user_id": "ada", "properties": {"user_id": "ada"}}
    receipt = demo.send(key, broken)
    assert receipt["accepted"] == 0
    page.goto(f"{demo.url}/data/events?project=shop&environment=dev")
    page.get_by_text(receipt["rejected"][0]["message"]).first.wait_for(timeout=15_000)


def _is_complaint(said: Any) -> bool:
    # Before the sign-in the page asks who is there, and 401 is the answer.
    return said.type == "error" and "401" not in said.text


def test_the_pages_of_this_test_are_the_built_ones() -> None:
    assert (ROOT / "ui/dist/index.html").is_file()
