"""The stated ground truth: what a correct Liftline must find in the demo's events.

Each share is the probability with which the simulation draws, so a figure measured over
n units differs from it by sampling error only. Every figure on a page that should read
one of these values can be checked against this file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundTruth:
    """Every number that the demo's world is drawn from. Shares are between 0 and 1.

    Windows count from the person's own `user_signed_up`: "within D1" is [0 h, 24 h),
    "within D7" is [0 h, 168 h); retained on D1 is any event in [24 h, 48 h), on D7 any
    event in [168 h, 192 h). A person who is not retained has no event of any kind there.
    """

    # Sign-ups. Weekday factors, Monday first, average 1.
    sign_ups_per_day: float = 140.0
    sign_ups_weekday: tuple[float, ...] = (1.15, 1.20, 1.20, 1.15, 1.05, 0.65, 0.60)
    live_sign_up_factor: float = 6.0
    life_days: int = 28

    # Activation (user_activated after user_signed_up).
    activated_within_d1: float = 0.27
    activated_within_d7: float = 0.42
    activated_after_d7: float = 0.03

    # Onboarding (share of new users).
    source_connected_without_activation: float = 0.15
    step_abandoned: float = 0.12

    # Retention.
    retained_d1: float = 0.38
    retained_d1_if_activated: float = 0.62
    retained_d7: float = 0.22
    retained_d7_if_activated: float = 0.42

    # Search: at most one click for one search.
    searches_per_visit: float = 2.2
    search_ctr: float = 0.30
    search_zero_results: float = 0.06
    search_has_quotes: float = 0.11

    # Invitations.
    inviters: float = 0.25
    invites_per_inviter: int = 2
    invite_opened: float = 0.55
    invite_accepted_of_opened: float = 0.60

    # E-mail. Bounce per e-mail sent; the others per e-mail delivered, click per open.
    email_hard_bounce: float = 0.006
    email_complaint: float = 0.0005
    email_unsubscribe: float = 0.003
    email_open: float = 0.38
    email_click_of_open: float = 0.22
    email_convert_of_click: float = 0.25

    # Errors: share of visits in which the product shows one.
    visit_error: float = 0.03

    # Time zones: IANA zone and share of people.
    time_zones: tuple[tuple[str, float], ...] = (
        ("America/New_York", 0.22),
        ("America/Los_Angeles", 0.16),
        ("America/Denver", 0.07),
        ("Europe/London", 0.13),
        ("Europe/Berlin", 0.15),
        ("Asia/Kolkata", 0.12),
        ("Asia/Tokyo", 0.08),
        ("Australia/Sydney", 0.05),
        ("Pacific/Auckland", 0.02),
    )

    # Established accounts: they signed up before the story begins, so no cohort has them.
    regulars: int = 2_000
    regular_visits_per_hour: float = 12.0

    # Dirt: share of events unless said otherwise.
    dirt_retried_event: float = 0.004
    dirt_retried_batch: float = 0.01
    dirt_second_activation: float = 0.03
    dirt_conflict: float = 0.0001
    dirt_late: float = 0.005
    dirt_skewed_clock: float = 0.015
    dirt_malformed: float = 0.004

    def __post_init__(self) -> None:
        if abs(sum(share for _, share in self.time_zones) - 1) > 1e-9:
            raise ValueError("the shares of the time zones must add up to 1")
        if abs(sum(self.sign_ups_weekday) / 7 - 1) > 1e-9:
            raise ValueError("the weekday factors must average 1")
        if self.activated_within_d1 > self.activated_within_d7:
            raise ValueError("who activates within D1 also activates within D7")
        for retained_if in ("retained_d1", "retained_d7"):
            if not 0 <= self.retained_if_not_activated(retained_if) <= 1:
                raise ValueError(f"{retained_if} and {retained_if}_if_activated contradict")

    def retained_if_not_activated(self, window: str) -> float:
        """P(retained | not activated within D7), so that the total share is as stated."""
        total: float = getattr(self, window)
        activated: float = getattr(self, f"{window}_if_activated")
        return (total - self.activated_within_d7 * activated) / (1 - self.activated_within_d7)

    def as_json(self) -> dict[str, object]:
        """All figures by name, ready to print."""
        return asdict(self)
