"""A person's life as a plan: which chapters it has and when, before any event is made.

A chapter is a visit or an e-mail. Its events are made when its time comes (scenes.py), so
a world of many thousand people waits in little memory.

The retention windows are kept clean: of a person who is not retained, no chapter starts
in [24 h, 48 h) or [168 h, 192 h) and none reaches into them, e-mails included. So the
stated retention holds whichever events a reader counts as activity.
"""

from __future__ import annotations

from random import Random
from typing import Literal

import msgspec

from liftline_demo.draw import generator, poisson, share
from liftline_demo.mail import fate_of
from liftline_demo.people import Person
from liftline_demo.truth import DAY_S, HOUR_S, GroundTruth

ChapterKind = Literal["sign_up", "visit", "mail", "invite"]

VISIT_LIMIT_S = HOUR_S
"""No visit lasts longer."""

MAIL_LIMIT_S = 72 * HOUR_S
"""No e-mail is opened, clicked or complained about later than this after it was sent."""

REGULAR_REACH_S = 12 * HOUR_S
"""What begins with a regular's visit is over after this time."""

_REGULAR_MAIL = 0.1
_TIP_AT_S = 72 * HOUR_S
_DIGESTS_AT_S = (10 * DAY_S, 17 * DAY_S, 24 * DAY_S)
_WELCOME_LIMIT_S = 20 * HOUR_S


class Chapter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One stretch of a life. `topic` is the e-mail's template; `limit_s` bounds it in time."""

    kind: ChapterKind
    key: str
    at_ms: int
    person: Person
    activates: bool = False
    topic: str = ""
    limit_s: int = VISIT_LIMIT_S


def chapters(world: str, truth: GroundTruth, person: Person) -> list[Chapter]:
    """The whole life of a newcomer, in time order."""
    random = generator(world, "life", person.key)
    activated_at_s = _activation(truth, random)
    visits_at_s = _visits(truth, random, activated_at_s)
    planned = [
        _chapter(person, "sign_up" if at_s == 0 else "visit", at_s, activated_at_s)
        for at_s in sorted(visits_at_s)
    ]
    planned += _invites(truth, random, person)
    planned += _mails(world, truth, random, person)
    return sorted(planned, key=lambda chapter: chapter.at_ms)


def _chapter(person: Person, kind: ChapterKind, at_s: int, activated_at_s: int | None) -> Chapter:
    return Chapter(
        kind=kind,
        key=f"{person.key}/{kind}-{at_s}",
        at_ms=person.signed_up_at_ms + at_s * 1000,
        person=person,
        activates=at_s == activated_at_s,
    )


def _activation(truth: GroundTruth, random: Random) -> int | None:
    """In which visit the person activates, in seconds after sign-up; None for never."""
    draw = random.random()
    if draw < truth.activated_within_d1:
        return 0 if random.random() < 0.7 else random.randrange(HOUR_S + 1, 20 * HOUR_S)
    if draw < truth.activated_within_d7:
        return random.randrange(49 * HOUR_S, 165 * HOUR_S)
    if draw < truth.activated_within_d7 + truth.activated_after_d7:
        return random.randrange(194 * HOUR_S, 20 * DAY_S)
    return None


def _visits(truth: GroundTruth, random: Random, activated_at_s: int | None) -> set[int]:
    """When the person visits, in seconds after sign-up; 0 is the sign-up itself."""
    in_d7 = activated_at_s is not None and activated_at_s < 7 * DAY_S
    visits = {0} if activated_at_s is None else {0, activated_at_s}
    if random.random() < _retained(truth, "retained_d1", in_d7):
        visits.add(random.randrange(24 * HOUR_S + 300, 47 * HOUR_S))
    if random.random() < _retained(truth, "retained_d7", in_d7):
        visits.add(random.randrange(168 * HOUR_S + 300, 191 * HOUR_S))
    eagerness = 1.0 if in_d7 else 0.3
    for _ in range(poisson(random, 1.6 * eagerness)):
        visits.add(random.randrange(49 * HOUR_S, 165 * HOUR_S))
    for _ in range(poisson(random, 2.4 * eagerness)):
        visits.add(random.randrange(194 * HOUR_S, truth.life_days * DAY_S))
    return visits


def _retained(truth: GroundTruth, window: str, in_d7: bool) -> float:
    if in_d7:
        share: float = getattr(truth, f"{window}_if_activated")
        return share
    return truth.retained_if_not_activated(window)


def _mails(world: str, truth: GroundTruth, random: Random, person: Person) -> list[Chapter]:
    """Welcome, a tip on day 3, digests. Whoever bounced, complained or left gets no more."""
    plan = [("welcome", 5, _WELCOME_LIMIT_S), ("getting_started", _TIP_AT_S, MAIL_LIMIT_S)]
    plan += [("weekly_digest", at_s, MAIL_LIMIT_S) for at_s in _DIGESTS_AT_S]
    mails = []
    for topic, at_s, limit_s in plan:
        key = f"{person.key}/mail-{at_s}"
        mails.append(
            Chapter(
                kind="mail",
                key=key,
                at_ms=person.signed_up_at_ms + (at_s + random.randrange(60)) * 1000,
                person=person,
                topic=topic,
                limit_s=limit_s,
            )
        )
        if fate_of(world, truth, key).is_last:
            break
    return mails


def _invites(truth: GroundTruth, random: Random, person: Person) -> list[Chapter]:
    """Some people invite colleagues soon after they signed up."""
    if random.random() >= truth.inviters:
        return []
    first_at_s = random.randrange(5 * 60, 40 * 60)
    return [
        Chapter(
            kind="invite",
            key=f"{person.key}/invite-{number}",
            at_ms=person.signed_up_at_ms + (first_at_s + 20 * number) * 1000,
            person=person,
            limit_s=_WELCOME_LIMIT_S,
        )
        for number in range(truth.invites_per_inviter)
    ]


def regular_chapters(world: str, person: Person, key: str, at_ms: int) -> list[Chapter]:
    """A regular's visit, and now and then the e-mail that it causes."""
    visit = Chapter(kind="visit", key=f"regular/{key}", at_ms=at_ms, person=person)
    if share(world, "alert", key) >= _REGULAR_MAIL:
        return [visit]
    alert = Chapter(
        kind="mail",
        key=f"regular/{key}/mail",
        at_ms=at_ms + 60_000,
        person=person,
        topic="activity_alert",
        limit_s=REGULAR_REACH_S - 60,
    )
    return [visit, alert]
