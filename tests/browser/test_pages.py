"""Goal: every page says what is known, by mouse, keyboard, phone, screen reader, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from liftline.core.clock import to_utc_text
from tests.browser.stage import EMAIL, NOW, PASSWORD, Stage

Open = Callable[..., Any]
SCOPE = "?project=demo&environment=prod"
PAGES = {
    "/": "What happened",
    "/data/events": "Rejected",
    "/data/health": "Does every event add up?",
    "/settings/keys": "Keys in use",
}
SERIOUS = ("serious", "critical")
RUN_AXE = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"

pytestmark = pytest.mark.slow


def settled(page: Any, path: str) -> Any:
    page.get_by_role("heading", name=PAGES[path], exact=True).wait_for()
    # Not wait_for_function: it evaluates a string in the page, which the policy forbids.
    for waiting in page.locator(".skeleton, .waiting").all():
        waiting.wait_for(state="detached")
    return page


def overflow(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def serious(page: Any, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found = page.evaluate(RUN_AXE)
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS
    ]


def test_sign_in_leads_back_to_the_page_asked_for(open_page: Open, stage: Stage) -> None:
    stage.cookie()
    page = open_page("/data/health" + SCOPE, is_signed_in=False)
    page.wait_for_url("**/login?next=*")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill("a wrong password, surely")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("access.login_failed").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    settled(page, "/data/health")
    assert page.url == stage.address + "/data/health" + SCOPE


def test_differing_passwords_and_a_spent_link_are_told(open_page: Open, stage: Stage) -> None:
    stage.cookie()
    page = open_page(f"/accept#{stage.link.partition('#')[2]}", is_signed_in=False)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD + "?")
    page.keyboard.press("Enter")
    page.get_by_text("The two passwords differ.").wait_for()
    page.get_by_label("The same again").fill(PASSWORD)
    page.keyboard.press("Enter")
    # The link was spent by the session's own sign-in: the page says so with its code.
    page.get_by_role("alert").get_by_text("access.").wait_for()


def test_home_shows_the_figures_of_the_seeded_project(open_page: Open, stage: Stage) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    assert page.get_by_role("heading", level=1).inner_text()
    goal = page.get_by_role("listitem").filter(has_text="Half of new users are activated").first
    assert re.search(r"4\d\.\d+ % ± \d", goal.inner_text())
    assert "since last week" in goal.inner_text()
    assert page.get_by_role("img", name=re.compile("Activation D7, .* latest complete")).count()
    assert page.get_by_text("inside the 10 min objective").count() == 1
    assert page.get_by_text("simulated").count() >= 3
    assert page.get_by_text("web cfcd208 was deployed to prod").count() >= 1


def test_a_chart_is_also_a_table_and_a_csv(open_page: Open) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    panel = page.get_by_role("region", name=re.compile("^Activation D7"))
    panel.get_by_label(re.compile("table, CSV")).click()
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download CSV").click()
    rows = download.value.path().read_text().splitlines()
    assert rows[0] == "bucket_utc,Activation D7 (percent),is_complete,is_simulated"
    assert len(rows) > 30
    assert all(row.endswith(",true") for row in rows[1:])
    panel.get_by_label(re.compile("table, CSV")).click()
    panel.get_by_role("button", name="Show as table").click()
    panel.get_by_role("table").wait_for()
    assert "incomplete" in panel.get_by_role("table").inner_text()


def test_dragging_a_chart_zooms_and_the_address_says_so(open_page: Open) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    page.locator(".u-over").first.scroll_into_view_if_needed()
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_url("**from=2026-*")
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_url(lambda url: "from=" not in url)


def test_live_events_name_the_reason_and_the_cure(open_page: Open) -> None:
    page = settled(open_page("/data/events" + SCOPE), "/data/events")
    rejected = page.get_by_role("region", name="Rejected").get_by_role("listitem").first
    text = rejected.inner_text()
    assert "events." in text or "warehouse.conflict" in text
    rejected.get_by_text("As received").click()
    assert '"messageId"' in rejected.inner_text()
    page.get_by_role("region", name="Accepted").get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text('"step_id": "connect_source"').wait_for()
    assert "event=" in page.url
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert "event=" not in page.url


def test_new_events_come_by_themselves_until_paused(open_page: Open, stage: Stage) -> None:
    page = settled(open_page("/data/events" + SCOPE), "/data/events")
    first = page.get_by_role("region", name="Accepted").get_by_role("button").first
    stage.warehouse.arrive("just_arrived", to_utc_text(NOW))
    page.get_by_role("button", name=re.compile("just_arrived")).wait_for()
    assert first.inner_text().count("just_arrived") == 1
    page.get_by_role("button", name="Pause").click()
    stage.warehouse.arrive("while_paused", to_utc_text(NOW))
    page.clock.run_for(10_000)
    assert page.get_by_role("button", name=re.compile("while_paused")).count() == 0
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name=re.compile("while_paused")).wait_for()


def test_health_adds_up_and_shows_the_sum(open_page: Open) -> None:
    page = settled(open_page("/data/health" + SCOPE), "/data/health")
    sum_ = page.get_by_text("It adds up:").inner_text().replace(",", "")
    total, *parts = [int(number) for number in re.findall(r"\d+", sum_)]
    assert len(parts) == 7
    assert total == sum(parts) > 10_000
    assert page.get_by_role("row", name=re.compile("^collector ready")).count() == 1
    assert page.get_by_text("events.bad_timestamp").count() >= 1
    assert "MiB" in page.get_by_role("row", name=re.compile("^Warehouse .*MiB")).inner_text()


def test_a_key_is_shown_once_and_revoked_after_a_second_question(open_page: Open) -> None:
    page = settled(open_page("/settings/keys" + SCOPE), "/settings/keys")
    page.get_by_label("Name").fill("night job")
    page.get_by_role("button", name="Make key").click()
    shown = page.get_by_role("status", name="The new key")
    assert re.search(r"\w{20,}", shown.locator("code").inner_text())
    shown.get_by_role("button", name="I have it").click()
    page.get_by_role("button", name="Revoke night job", exact=True).click()
    page.get_by_role("button", name="Revoke night job now").click()
    page.get_by_role("row", name=re.compile("^night job")).wait_for(state="detached")


@pytest.mark.parametrize("path", PAGES)
def test_a_fresh_project_says_what_comes_next(open_page: Open, path: str) -> None:
    page = open_page(path + "?project=shop&environment=prod")
    page.get_by_role("heading", level=1).wait_for()
    if path == "/":
        page.get_by_text("curl -sS").wait_for()
    assert page.get_by_text("simulated").count() == 0
    assert page.get_by_role("alert").count() == 0


def test_while_the_warehouse_is_away_the_last_figures_stay(open_page: Open, stage: Stage) -> None:
    settled(open_page("/data/health" + SCOPE), "/data/health")
    stage.warehouse.is_away = True
    stage.forget_freshness()
    page = settled(open_page("/data/health" + SCOPE), "/data/health")
    page.get_by_text("The warehouse does not answer.").wait_for()
    assert page.get_by_text("It adds up:").count() == 1
    assert page.get_by_role("row", name=re.compile("^collector ready")).count() == 1
    stage.warehouse.is_away = False
    page.clock.run_for(11_000)
    page.get_by_text("The warehouse does not answer.").wait_for(state="detached")


def test_a_long_wait_shows_a_skeleton_and_then_the_page(open_page: Open, stage: Stage) -> None:
    stage.forget_freshness()
    stage.warehouse.may_answer.clear()
    page = open_page("/data/health" + SCOPE)
    page.locator(".skeleton").first.wait_for()
    stage.warehouse.may_answer.set()
    settled(page, "/data/health")


def test_an_error_says_code_and_cure_and_can_be_tried_again(open_page: Open) -> None:
    page = open_page("/data/events" + SCOPE + "&event=99999999")
    failure = page.get_by_role("dialog").get_by_role("alert")
    failure.wait_for()
    assert "dashboards.unknown_event" in failure.inner_text()
    assert failure.get_by_role("button", name="Try again").count() == 1


def test_keyboard_alone_reaches_everything(open_page: Open) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("g")
    page.keyboard.press("e")
    settled(page, "/data/events")
    assert "project=demo" in page.url
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to a page").wait_for()
    page.keyboard.type("ledger")
    page.keyboard.press("Enter")
    settled(page, "/data/health")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to a page").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Go to a page").wait_for(state="detached")
    outlines = []
    for _ in range(12):
        page.keyboard.press("Tab")
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert set(outlines) == {"solid"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(
    open_page: Open, axe_source: str, path: str, scheme: str
) -> None:
    page = settled(open_page(path + SCOPE, scheme=scheme), path)
    assert serious(page, axe_source) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login", "/accept#token=x"])
def test_axe_finds_nothing_serious_before_sign_in(
    open_page: Open, axe_source: str, path: str, scheme: str
) -> None:
    page = open_page(path, scheme=scheme, is_signed_in=False)
    page.get_by_role("heading", level=1).wait_for()
    assert serious(page, axe_source) == []


def test_canary_axe_finds_a_seeded_violation(open_page: Open, axe_source: str) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in serious(page, axe_source))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(open_page: Open, path: str) -> None:
    page = settled(open_page(path + SCOPE, width=320), path)
    assert overflow(page) <= 0
    bar = page.get_by_role("navigation", name="Main").bounding_box()
    assert bar["y"] > 700


def test_canary_sideways_scrolling_is_seen(open_page: Open) -> None:
    page = settled(open_page("/" + SCOPE, width=320), "/")
    page.evaluate("document.querySelector('main').style.width = '900px'")
    assert overflow(page) > 0


def test_reduced_motion_stops_every_animation(open_page: Open, stage: Stage) -> None:
    stage.forget_freshness()
    stage.warehouse.may_answer.clear()
    still = open_page("/" + SCOPE, reduced_motion="reduce")
    moving = open_page("/" + SCOPE)
    for page, names in ((still, "none"), (moving, "breathe")):
        bone = page.locator(".bone").first
        bone.wait_for()
        assert bone.evaluate("bone => getComputedStyle(bone).animationName") == names


def test_dark_can_be_chosen_and_stays(open_page: Open) -> None:
    page = settled(open_page("/" + SCOPE), "/")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_label("Account and appearance").click()
    page.get_by_label("Dark").check()
    page.reload()
    settled(page, "/")
    after = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert before != after
