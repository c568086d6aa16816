"""Who the simulated users are: what stays the same about a person for a whole life."""

from __future__ import annotations

from random import Random

import msgspec

from liftline_demo.draw import Weighted, generator, identifier, share
from liftline_demo.truth import HOUR_S, GroundTruth

_METHODS = Weighted([("email", 0.55), ("google", 0.30), ("github", 0.15)])
_REFERRERS = Weighted(
    [
        ("search.example", 0.45),
        ("ads.example", 0.20),
        ("partner.example", 0.15),
        ("blog.example", 0.2),
    ]
)
_DOMAINS = Weighted([("mail.example", 0.6), ("corp.example", 0.25), ("school.example", 0.15)])
_PLANS = Weighted([("free", 0.70), ("trial", 0.22), ("team", 0.08)])
_SPELLINGS = Weighted([("utc", 0.60), ("offset", 0.32), ("microseconds", 0.08)])
_AGENTS = Weighted(
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0", 0.30),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0", 0.35),
        ("Mozilla/5.0 (Macintosh) Safari/26.0", 0.20),
        ("Mozilla/5.0 (iPhone) Safari/26.0", 0.15),
    ]
)


class Person(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One simulated user.

    `signed_up_at_ms` is 0 for a regular. `skew_ms` is how far ahead the person's device
    clock runs. `spelling` is how the person's client writes instants: all mean the same.
    """

    key: str
    user_id: str
    anonymous_id: str
    signed_up_at_ms: int
    time_zone: str
    spelling: str
    method: str
    referrer_domain: str
    mail_domain: str
    plan: str
    user_agent: str
    skew_ms: int
    is_regular: bool


class People:
    """Draws people of one world. `world` names the world, so that two worlds share no id."""

    def __init__(self, world: str, truth: GroundTruth) -> None:
        self._world = world
        self._truth = truth
        self._zones = Weighted(truth.time_zones)

    def newcomer(self, key: str, signed_up_at_ms: int, time_zone: str) -> Person:
        """A person who signs up at that instant, which is daytime in that zone."""
        return self._person(key, signed_up_at_ms, time_zone=time_zone)

    def regular(self, number: int) -> Person:
        """An established account: it signed up before the story begins."""
        return self._person(f"regular-{number}", 0)

    def invited(self, key: str, signed_up_at_ms: int) -> Person:
        """A colleague who follows an invitation into an existing workspace."""
        return self._person(f"invited-{key}", signed_up_at_ms)

    def _person(self, key: str, signed_up_at_ms: int, *, time_zone: str | None = None) -> Person:
        random = generator(self._world, "person", key)
        return Person(
            key=key,
            user_id="u_" + identifier(self._world, "user", key)[:16],
            anonymous_id=identifier(self._world, "anonymous", key),
            signed_up_at_ms=signed_up_at_ms,
            time_zone=time_zone or self._zones.pick(random),
            spelling=_SPELLINGS.pick(random),
            method=_METHODS.pick(random),
            referrer_domain=_REFERRERS.pick(random),
            mail_domain=_DOMAINS.pick(random),
            plan=_PLANS.pick(random),
            user_agent=_AGENTS.pick(random),
            skew_ms=self._skew_ms(key, random),
            is_regular=signed_up_at_ms == 0,
        )

    def _skew_ms(self, key: str, random: Random) -> int:
        """Most clocks are right; some are minutes or hours off, ahead or behind."""
        if share(self._world, "skewed", key) >= self._truth.dirt_skewed_clock:
            return 0
        size_ms = random.choice((3 * 60, 17 * 60, HOUR_S, 3 * HOUR_S)) * 1000
        return size_ms if random.random() < 0.5 else -size_ms
