"""Goal: a signed-in browser before the real pages, or a skip that says what to install."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.stage import DIST, NOW, ROOT, Stage

AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 10_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser for all pages.

    Not for the session: Playwright keeps an event loop running in this thread until it ends,
    and every later test that starts a loop of its own would fail.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    if not (DIST / "index.html").is_file():
        pytest.skip("the pages are not built: cd ui && npm ci && npm run build")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: pip install playwright"
    )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served_stage(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage, up for the module, with its first account accepted."""
    with Stage(tmp_path_factory.mktemp("stage")).running() as stage:
        link = stage.access.first_account_link()
        assert link is not None
        stage.link = link
        yield stage


@pytest.fixture
def stage(served_stage: Stage) -> Iterator[Stage]:
    """The stage in its ordinary state, put back afterwards."""
    yield served_stage
    served_stage.warehouse.is_away = False
    served_stage.warehouse.may_answer.set()


@pytest.fixture
def open_page(chromium, stage: Stage):  # type: ignore[no-untyped-def]
    """Open a signed-in page: open_page(path, scheme=…, width=…). Complaints of the page fail."""
    contexts = []
    complaints: list[str] = []

    def open_(path: str, *, scheme: str = "light", width: int = 1280, is_signed_in: bool = True,
              reduced_motion: str = "no-preference"):  # type: ignore[no-untyped-def]  # fmt: skip
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion=reduced_motion,
        )
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        if is_signed_in:
            context.add_cookies([stage.cookie()])
        page = context.new_page()
        page.clock.install(time=NOW)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Security Policy" in said.text else None,
        )
        page.goto(stage.address + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core's text; it is injected over the debugger, past the page's policy."""
    if not AXE.is_file():
        pytest.skip("axe-core is missing: cd ui && npm ci")
    return Path(AXE).read_text("utf-8")
