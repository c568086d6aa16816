"""What happens in a visit: signing up, the onboarding steps, searches, errors."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from liftline_demo.lives import Chapter
from liftline_demo.script import Happening, Script
from liftline_demo.truth import GroundTruth

_STEPS = ("create_workspace", "connect_source", "first_search")
_SOURCES = ("github", "gitlab", "postgres", "slack", "jira")
_QUERIES = (
    "slow build",
    "deploy failed",
    "flaky test",
    "cache hit rate",
    "invite teammate",
    "connect source",
    "api key",
    "weekly report",
    "rollback",
    "billing",
)
_NOT_FOUND = ("xkcd 927", "qwertz", "teh deplyo", "asdf")
_ERRORS = (
    ("http_500", 500),
    ("http_503", 503),
    ("TimeoutError", None),
    ("TypeError", None),
)
_SURFACES = ("search", "checklist", "settings", "home")
_RELEASE = "2026.11.0"
_FATAL = 0.1
_MOST_SEARCHES = 30


def utc_text(at_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds and Z."""
    instant = datetime.fromtimestamp(at_ms / 1000, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign_up_visit(world: str, truth: GroundTruth, chapter: Chapter) -> list[Happening]:
    """The first visit: the account, the checklist, the steps, perhaps activation."""
    script = Script(world, chapter)
    person = chapter.person
    script.noted(
        "user_signed_up",
        {
            "signup_method": person.method,
            "plan": person.plan,
            "referrer_domain": person.referrer_domain,
        },
    )
    script.described({"plan": person.plan, "timezone": person.time_zone})
    script.wait(1, 5)
    _open_checklist(script)
    _onboard(script, truth, activates=chapter.activates)
    _search(script, truth)
    _fail(script, truth)
    return script.happenings


def later_visit(world: str, truth: GroundTruth, chapter: Chapter) -> list[Happening]:
    """Any later visit; activation may still happen in it."""
    script = Script(world, chapter)
    script.viewed("home")
    script.wait(1, 10)
    if chapter.activates:
        _open_checklist(script)
        _onboard(script, truth, activates=True)
    elif not chapter.person.is_regular and script.chance(0.3):
        _open_checklist(script)
    _search(script, truth)
    _fail(script, truth)
    return script.happenings


def _open_checklist(script: Script) -> None:
    script.seen("checklist_viewed", _step(script, _STEPS[0]))
    script.wait(2, 20)


def _onboard(script: Script, truth: GroundTruth, *, activates: bool) -> None:
    """Walk through the steps; who activates does all of them, others may give up."""
    for step in _STEPS:
        script.seen("onboarding_step_started", _step(script, step))
        script.wait(5, 60)
        if script.chance(0.4):
            script.seen("tooltip_opened", _step(script, step))
            script.wait(3, 20)
        if not activates and _gives_up(script, truth, step):
            return
        if step == "connect_source":
            source = script.random.choice(_SOURCES)
            script.noted("source_connected", {"source_type": source, "is_first": True})
            script.wait(0.2, 2)
        script.seen("onboarding_step_completed", _step(script, step))
        script.wait(2, 30)
    if activates:
        script.noted("user_activated", {"activation_rule": "all_steps_completed.v1"})


def _gives_up(script: Script, truth: GroundTruth, step: str) -> bool:
    if step == "connect_source":
        return not script.chance(truth.source_connected_without_activation)
    return script.chance(truth.step_abandoned)


def _step(script: Script, step: str) -> dict[str, object]:
    return {
        "user_id": script.person.user_id,
        "step_id": step,
        "ts": utc_text(script.at_ms),
    }


def _search(script: Script, truth: GroundTruth) -> None:
    """A few searches; a search is clicked at most once, and never without a result."""
    clicked_if_found = truth.search_ctr / (1 - truth.search_zero_results)
    # The whole part of an exponential draw is geometric; this rate gives the stated mean.
    rate = math.log1p(1 / truth.searches_per_visit)
    for _ in range(min(_MOST_SEARCHES, int(script.random.expovariate(rate)))):
        is_zero = script.chance(truth.search_zero_results)
        results = 0 if is_zero else script.random.randrange(1, 60)
        has_quotes = script.chance(truth.search_has_quotes)
        query = script.random.choice(_NOT_FOUND if is_zero else _QUERIES)
        search_id = f"s_{script.person.user_id[2:]}_{script.at_ms}"
        script.seen(
            "search_performed",
            {
                "search_id": search_id,
                "query": f'"{query}"' if has_quotes else query,
                "has_quotes": has_quotes,
                "results_count": results,
                "latency_ms": int(script.random.lognormvariate(4.4, 0.5)),
                "zero_result": is_zero,
            },
        )
        script.wait(2, 30)
        if not is_zero and script.chance(clicked_if_found):
            position = 1 + min(int(script.random.expovariate(0.5)), results - 1)
            script.seen(
                "search_result_clicked", {"search_id": search_id, "click_position": position}
            )
            script.wait(5, 90)


def _fail(script: Script, truth: GroundTruth) -> None:
    """In some visits the product shows an error."""
    if not script.chance(truth.visit_error):
        return
    error_class, status = script.random.choice(_ERRORS)
    failure: dict[str, object] = {
        "error_class": error_class,
        "is_fatal": script.chance(_FATAL),
        "surface": script.random.choice(_SURFACES),
        "release": _RELEASE,
    }
    if status is not None:
        failure["status_code"] = status
    script.seen("app_error", failure)
