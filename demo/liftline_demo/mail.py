"""What happens to an e-mail: sent, delivered or bounced, opened, clicked, complained about.

The fate of an e-mail is drawn before its events, because whoever bounced, complained or
unsubscribed gets no further e-mail (lives.py asks).
"""

from __future__ import annotations

from random import Random

import msgspec

from liftline_demo.draw import generator
from liftline_demo.truth import GroundTruth


class Fate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How one e-mail ends. Nothing but the bounce happens to an e-mail that bounces."""

    bounces: bool
    is_opened: bool = False
    is_clicked: bool = False
    converts: bool = False
    is_complained_about: bool = False
    unsubscribes: bool = False

    @property
    def is_last(self) -> bool:
        """Whether the address gets no e-mail after this one."""
        return self.bounces or self.is_complained_about or self.unsubscribes


def fate_of(world: str, truth: GroundTruth, mail_key: str) -> Fate:
    """Draw the fate of the e-mail with that key: always the same for the same world."""
    random = generator(world, "fate", mail_key)
    if random.random() < truth.email_hard_bounce:
        return Fate(bounces=True)
    is_opened = random.random() < truth.email_open
    is_clicked = is_opened and random.random() < truth.email_click_of_open
    return Fate(
        bounces=False,
        is_opened=is_opened,
        is_clicked=is_clicked,
        converts=is_clicked and random.random() < truth.email_convert_of_click,
        is_complained_about=random.random() < truth.email_complaint,
        unsubscribes=random.random() < truth.email_unsubscribe,
    )


def seconds_until_opened(random: Random, limit_s: int) -> float:
    """Most e-mails are opened within hours; none later than the limit."""
    return min(random.lognormvariate(8.2, 1.4), limit_s * 0.9)
