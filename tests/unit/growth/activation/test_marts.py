"""The marts say of each user, step, search and message what happened, whenever it arrives."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from liftline.data.events.api import load_plan, shipped_plan

if TYPE_CHECKING:
    from .conftest import MartLab

pytestmark = pytest.mark.slow

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MARTS = (
    *("data_hours", "active_days", "activation_users", "activation_steps"),
    *("search_clicks", "searches", "email_messages"),
)
ANSWERS = "is_activated_d1, is_activated_d7, is_retained_d1, is_retained_d7"


def test_each_span_is_half_open_and_censored_until_its_end_is_known(marts: MartLab) -> None:
    """Boundaries of D1 and D7, for users whose spans have and have not passed."""
    cases: dict[str, tuple[list[tuple[str, timedelta]], tuple[bool | None, ...]]] = {
        "activated just inside d1": (
            [("user_activated", 24 * HOUR - SECOND)],
            (True, True, False, False),
        ),
        "activated at 24 h": ([("user_activated", 24 * HOUR)], (False, True, False, False)),
        "activated just inside d7": (
            [("user_activated", 168 * HOUR - SECOND)],
            (False, True, False, False),
        ),
        "activated at 168 h": ([("user_activated", 168 * HOUR)], (False, False, False, False)),
        "active just before 24 h": (
            [("clicked", 24 * HOUR - SECOND)],
            (False, False, False, False),
        ),
        "active at 24 h": ([("clicked", 24 * HOUR)], (False, False, True, False)),
        "active at 48 h": ([("clicked", 48 * HOUR)], (False, False, False, False)),
        "active at 168 h": ([("clicked", 168 * HOUR)], (False, False, False, True)),
        "active just before 192 h": (
            [("clicked", 192 * HOUR - SECOND)],
            (False, False, False, True),
        ),
        "active at 192 h": ([("clicked", 192 * HOUR)], (False, False, False, False)),
        "mailed only": ([("email_opened", 30 * HOUR)], (False, False, False, False)),
        "never back": ([], (False, False, False, False)),
    }
    for user, (events, _) in cases.items():
        marts.send("user_signed_up", user, START)
        for name, after in events:
            marts.send(name, user, START + after)
    early = START + 192 * HOUR - 25 * HOUR
    marts.send("user_signed_up", "a day old", early)
    marts.send("user_activated", "a day old", early + HOUR)
    marts.send("user_signed_up", "new", START + 191 * HOUR)
    marts.send("user_activated", "new", START + 191 * HOUR + SECOND)
    marts.build()
    found = {
        user: tuple(rest)
        for user, *rest in marts.rows(f"select user_id, {ANSWERS} from analytics.activation_users")
    }
    assert {user: found[user] for user in cases} == {
        user: want for user, (_, want) in cases.items()
    }
    assert found["a day old"] == (True, None, None, None)
    assert found["new"] == (None, None, None, None)


def test_only_what_is_known_matures_a_user(marts: MartLab) -> None:
    """A clock that runs ahead and the platform's own events prove nothing."""
    marts.send("user_signed_up", "u", START)
    marts.send("clicked", "other", START + 400 * HOUR, received_at=START.replace(tzinfo=None))
    marts.send("$liftline_heartbeat", None, START + 500 * HOUR, sender="system")
    marts.build()
    assert marts.rows(f"select {ANSWERS}, is_mature_d1 from analytics.activation_users") == [
        (None, None, None, None, False)
    ]
    marts.send("clicked", "other", START + 24 * HOUR)
    marts.build()
    assert marts.rows(f"select {ANSWERS}, is_mature_d1 from analytics.activation_users") == [
        (False, None, None, None, True)
    ]


def test_a_collector_whose_clock_was_ahead_matures_nobody(marts: MartLab) -> None:
    """An event without a timestamp is dated by the collector, here a year into the future."""
    answers = f"select {ANSWERS}, is_mature_d1 from analytics.activation_users"
    known = "select max(data_through) from analytics.data_hours"
    young = [(None, None, None, None, False)]
    year = timedelta(days=365)
    marts.send("user_signed_up", "u", START)
    ahead = (START + year).replace(tzinfo=None)
    marts.send("clicked", "u", START + year, received_at=ahead)
    marts.load(START + HOUR)
    marts.build()
    assert marts.rows(known) == [((START + HOUR).replace(tzinfo=None),)]
    assert marts.rows(answers) == young
    # The loader's clock is ahead too: then nothing says so, until it is set right.
    marts.send("clicked", "u", START + year, received_at=ahead)
    marts.load(START + year)
    marts.build()
    assert marts.rows(answers) == [(False, False, False, False, True)]
    marts.send("clicked", "u", START + 3 * HOUR)
    marts.load(START + 4 * HOUR)
    marts.build()
    assert marts.rows(known) == [((START + 4 * HOUR).replace(tzinfo=None),)]
    assert marts.rows(answers) == young
    marts.send("clicked", "other", START + 24 * HOUR)
    marts.load(START + 25 * HOUR)
    marts.build()
    assert marts.rows(answers) == [(False, None, None, None, True)]


def test_nothing_but_the_planned_event_activates(marts: MartLab) -> None:
    """A page or an unplanned event of the same name, a semantic duplicate, another project."""
    marts.send("user_signed_up", "u", START)
    marts.send("user_activated", "u", START + HOUR, type="page", sender="public")
    marts.send("user_activated", "u", START + HOUR, is_planned=False)
    marts.send("user_activated", "u", START + HOUR, is_semantic_duplicate=True)
    marts.send("user_activated", "u", START + HOUR, project="other")
    marts.send("user_activated", None, START + 2 * HOUR, {"user_id": "u"})
    marts.build()
    assert marts.rows("select activated_at from analytics.activation_users") == [
        ((START + 2 * HOUR).replace(tzinfo=None),)
    ]


def test_only_what_a_user_does_is_activity(marts: MartLab) -> None:
    """Every shipped event, as a server may send it beside a user, and what needs no plan."""
    for spec in load_plan((shipped_plan(),)):
        marts.send(spec.name, spec.name, START)
    for name in ("$feature_flag_called", "$anything", "$pageview"):
        marts.send(name, name, START, sender="public")
    marts.send("$view", "page of a machine", START, type="page", sender="public")
    marts.send("report_exported", "unplanned", START, is_planned=False, sender="public")
    marts.send("email_sent", "page", START, type="page", sender="public")
    marts.send("home", "screen", START, type="screen", sender="public")
    for kind in ("identify", "group", "alias"):
        marts.send("", kind, START, type=kind)
    for sender in ("ci", "system"):
        marts.send("report_exported", sender, START, sender=sender)
    active = {user for (user,) in marts.rows("select user_id from analytics.user_activity")}
    assert active == {
        *("user_signed_up", "invite_created", "invite_opened", "invite_accepted"),
        *("source_connected", "onboarding_step_started", "onboarding_step_completed"),
        *("checklist_viewed", "tooltip_opened"),
        *("search_performed", "search_result_clicked", "app_error"),
        *("unplanned", "page", "screen"),
    }


def test_a_search_is_clicked_within_half_an_hour_or_not(marts: MartLab) -> None:
    found = {"query": "x", "has_quotes": False, "results_count": 3, "latency_ms": 5}
    for number, after in enumerate((29, 30, -1, 0)):
        search = {"search_id": f"s{number}"}
        marts.send("search_performed", "u", START, found | search | {"zero_result": False})
        click = search | {"click_position": 2}
        marts.send("search_result_clicked", "u", START + after * timedelta(minutes=1), click)
    marts.send(
        "search_performed", None, START + HOUR, found | {"search_id": "s4", "zero_result": True}
    )
    marts.build()
    assert marts.rows(
        "select search_id, visitor_id, is_zero_result, is_clicked, is_mature"
        " from analytics.searches order by search_id"
    ) == [
        ("s0", "u", False, True, True),
        ("s1", "u", False, False, True),
        ("s2", "u", False, False, True),
        ("s3", "u", False, True, True),
        ("s4", "s4", True, None, False),
    ]


def test_a_message_gathers_what_became_of_it(marts: MartLab) -> None:
    sent = {"template_id": "welcome", "category": "digest"}
    for send_id in ("bounced", "read", "scanned"):
        marts.send("email_sent", "u", START, sent | {"send_id": send_id})
    marts.send("email_bounced", None, START, {"send_id": "bounced", "bounce_class": "hard"})
    marts.send("email_bounced", None, START, {"send_id": "read", "bounce_class": "soft"})
    marts.send("email_opened", None, START, {"send_id": "read", "is_machine": False})
    marts.send("email_opened", None, START, {"send_id": "scanned", "is_machine": True})
    marts.send("email_complained", None, START, {"send_id": "unheard of"})
    marts.build()
    assert marts.rows(
        "select send_id, is_sent, is_delivered, is_hard_bounced, is_complained, is_opened"
        " from analytics.email_messages order by send_id"
    ) == [
        ("bounced", True, False, True, False, False),
        ("read", True, True, False, False, True),
        ("scanned", True, False, False, False, False),
        ("unheard of", False, True, False, True, False),
    ]


def test_building_in_steps_equals_a_full_refresh(marts: MartLab) -> None:
    """Late and unordered events over nine days, five builds, then everything from scratch."""
    draw = random.Random(7)
    story = _story(draw)
    flips = 0
    for part in range(5):
        before = set(
            marts.rows("select user_id from analytics.activation_users where is_mature_d1")
        )
        for name, user, at, properties, columns in story[part::5]:
            marts.send(name, user, at, properties, **columns)
        marts.build()
        after = set(marts.rows("select user_id from analytics.activation_users where is_mature_d1"))
        flips += len(after - before)
    stepwise = {mart: marts.mart(mart) for mart in MARTS}
    marts.build("--full-refresh")
    afresh = {mart: marts.mart(mart) for mart in MARTS}
    for mart in MARTS:
        assert len(afresh[mart]) > 20, f"the story is too thin for {mart}"
        assert stepwise[mart] == afresh[mart], mart
    assert flips > 20


def test_late_maturity_updates_users_without_new_events(marts: MartLab) -> None:
    """Only time passes for the user: others' events carry the data past their spans."""
    marts.send("user_signed_up", "u", START)
    marts.send("user_activated", "u", START + HOUR)
    for hours, expected in ((25, (True, None)), (169, (True, True))):
        marts.send("clicked", "other", START + hours * HOUR)
        marts.build()
        rows = marts.rows(
            "select is_activated_d1, is_activated_d7, last_ordinal from analytics.activation_users"
        )
        assert rows == [(*expected, 2)]


Told = tuple[str, str | None, datetime, dict[str, object], dict[str, object]]


def _story(draw: random.Random) -> list[Told]:
    """Events of sixty users in an order that has little to do with their instants."""
    story: list[Told] = []

    def tell(name: str, user: str | None, at: datetime, **properties: object) -> None:
        where = {"project": draw.choice(["shop", "shop", "blog"]), "environment": "prod"}
        delay = timedelta(seconds=draw.choice([1, 1, 1, 40_000]))
        story.append(
            (
                name,
                user,
                at,
                properties,
                where
                | {
                    "received_at": (at + delay).replace(tzinfo=None),
                    "is_semantic_duplicate": draw.random() < 0.03,
                },
            )
        )

    for number in range(60):
        user = f"user-{number}"
        signed_up = START + timedelta(hours=draw.uniform(0, 216))
        tell("user_signed_up", user, signed_up)
        for _ in range(draw.randrange(12)):
            at = signed_up + timedelta(hours=draw.choice([0.5, 20, 30, 47, 100, 170, 200]))
            _happening(draw, tell, user, at)
    draw.shuffle(story)
    return story


def _happening(draw: random.Random, tell: Callable[..., None], user: str, at: datetime) -> None:
    """One thing a user, or the product on their behalf, does."""
    kind = draw.randrange(6)
    search = f"search-{draw.randrange(150)}"
    send = f"send-{draw.randrange(100)}"
    step = f"step-{draw.randrange(3)}"
    if kind == 0:
        tell("user_activated", user, at)
    elif kind == 1:
        tell(
            draw.choice(["onboarding_step_started", "onboarding_step_completed"]),
            user,
            at,
            step_id=step,
            ts=at.isoformat(),
            user_id=user,
        )
    elif kind == 2:
        tell(
            "search_performed",
            draw.choice([user, None]),
            at,
            search_id=search,
            query="q",
            has_quotes=False,
            results_count=1,
            latency_ms=3.5,
            zero_result=False,
            is_typeahead=False,
        )
        click_at = at + timedelta(minutes=draw.choice([1, 29, 31]))
        tell("search_result_clicked", user, click_at, search_id=search, click_position=1)
    elif kind == 3:
        tell("email_sent", user, at, send_id=send, template_id="t", category="nudge")
    elif kind == 4:
        tell(
            draw.choice(["email_delivered", "email_complained", "email_clicked"]),
            None,
            at,
            send_id=send,
            is_suspected_bot=False,
        )
    else:
        tell("clicked", user, at)
