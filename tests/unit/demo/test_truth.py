"""Goal: the generated history reproduces every stated figure within its sampling error.

Counts are held against the exact binomial distribution: a tail below 0.05 % fails. The
seed is fixed, so a failure means that the world or the statement changed, never chance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from liftline_demo.truth import DAY_S, HOUR_S, GroundTruth

if TYPE_CHECKING:
    from tests.unit.demo.conftest import Tally

TRUTH = GroundTruth()
DAYS = 24
TAIL = 0.0005
DAY_MS = DAY_S * 1000
HOUR_MS = HOUR_S * 1000


def tails(hits: int, n: int, share: float) -> tuple[float, float]:
    """P(X <= hits) and P(X >= hits) for a binomial X, summed exactly."""
    log_p, log_q = math.log(share), math.log1p(-share)

    def mass(k: int) -> float:
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * log_p + (n - k) * log_q)

    below = math.fsum(mass(k) for k in range(hits))
    at = mass(hits)
    return below + at, 1 - below


def assert_share(hits: int, n: int, share: float) -> None:
    low, high = tails(hits, n, share)
    assert min(low, high) > TAIL, f"{hits} of {n} is {hits / n:.4f}, stated {share}"


def test_canary_a_wrong_share_is_found() -> None:
    assert_share(4_200, 10_000, 0.42)
    with pytest.raises(AssertionError, match="stated"):
        assert_share(4_200, 10_000, 0.45)
    with pytest.raises(AssertionError, match="stated"):
        assert_share(40, 20_000, 0.0005)


def mature(tally: Tally, days: int) -> list[tuple[str, int]]:
    """People whose first so many days lie within the history."""
    end_ms = min(tally.signed_up_ms.values()) // DAY_MS * DAY_MS + DAYS * DAY_MS
    return [
        (user, at_ms)
        for user, at_ms in tally.signed_up_ms.items()
        if at_ms + days * DAY_MS <= end_ms
    ]


@pytest.mark.parametrize(
    ("days", "share"), [(1, TRUTH.activated_within_d1), (7, TRUTH.activated_within_d7)]
)
def test_activation(demo_tally: Tally, days: int, share: float) -> None:
    people = mature(demo_tally, days)
    activated = sum(
        demo_tally.activated_ms.get(user, at_ms + 99 * DAY_MS) - at_ms < days * DAY_MS
        for user, at_ms in people
    )
    assert len(people) > 2_000
    assert_share(activated, len(people), share)


@pytest.mark.parametrize(
    ("first_hour", "last_hour", "share"),
    [(24, 48, TRUTH.retained_d1), (168, 192, TRUTH.retained_d7)],
)
def test_retention_whatever_counts_as_activity(
    demo_tally: Tally, first_hour: int, last_hour: int, share: float
) -> None:
    people = mature(demo_tally, last_hour // 24)
    retained = sum(
        any(
            first_hour * HOUR_MS <= seen - at_ms < last_hour * HOUR_MS
            for seen in demo_tally.seen_ms[user]
        )
        for user, at_ms in people
    )
    assert_share(retained, len(people), share)


@pytest.mark.parametrize(
    ("hits", "of", "share"),
    [
        ("search_result_clicked", "search_performed", TRUTH.search_ctr),
        ("email_bounced", "email_sent", TRUTH.email_hard_bounce),
        ("email_complained", "email_delivered", TRUTH.email_complaint),
        ("email_opened", "email_delivered", TRUTH.email_open),
        ("email_clicked", "email_opened", TRUTH.email_click_of_open),
        ("email_converted", "email_clicked", TRUTH.email_convert_of_click),
        ("email_unsubscribed", "email_delivered", TRUTH.email_unsubscribe),
        ("invite_opened", "invite_created", TRUTH.invite_opened),
        ("invite_accepted", "invite_opened", TRUTH.invite_accepted_of_opened),
    ],
)
def test_shares_of_events(demo_tally: Tally, hits: str, of: str, share: float) -> None:
    assert_share(demo_tally.names[hits], demo_tally.names[of], share)


def test_search_results_and_errors(demo_tally: Tally) -> None:
    searches = demo_tally.names["search_performed"]
    assert_share(demo_tally.zero_results, searches, TRUTH.search_zero_results)
    assert_share(demo_tally.with_quotes, searches, TRUTH.search_has_quotes)
    assert_share(demo_tally.names["app_error"], demo_tally.visits, TRUTH.visit_error)
    spread = math.sqrt(TRUTH.searches_per_visit * (1 + TRUTH.searches_per_visit))
    error = 3.29 * spread / math.sqrt(demo_tally.visits)
    assert abs(searches / demo_tally.visits - TRUTH.searches_per_visit) < error


def test_people(demo_tally: Tally) -> None:
    people = len(demo_tally.signed_up_ms)
    newcomers = demo_tally.inviters & demo_tally.signed_up_ms.keys()
    assert_share(len(newcomers), people, TRUTH.inviters)
    assert_share(demo_tally.skewed, people, TRUTH.dirt_skewed_clock)
    for zone, share in TRUTH.time_zones:
        assert_share(demo_tally.zones[zone], people, share)
    assert set(demo_tally.zones) == {zone for zone, _ in TRUTH.time_zones}


def test_sign_ups_follow_the_weekdays(demo_tally: Tally) -> None:
    assert set(demo_tally.sign_ups_by_day) == set(range(DAYS))
    for weekday, factor in enumerate(TRUTH.sign_ups_weekday):
        days = [day for day in range(DAYS) if day % 7 == weekday]
        mean = TRUTH.sign_ups_per_day * factor * len(days)
        seen = sum(demo_tally.sign_ups_by_day[day] for day in days)
        assert abs(seen - mean) < 3.5 * math.sqrt(mean), weekday


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sign_ups_weekday", (1.0,) * 6 + (2.0,)),
        ("time_zones", (("UTC", 0.5),)),
        ("activated_within_d1", 0.5),
        ("retained_d1_if_activated", 0.99),
    ],
)
def test_a_contradiction_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="must|also|contradict"):
        GroundTruth(**{field: value})
