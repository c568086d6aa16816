"""What to do with a firing that comes late, and when a recurrence comes next. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from liftline.platform.jobs.contracts import Kind
from liftline.platform.jobs.cron import next_occurrence
from liftline.platform.jobs.store.timers import Claimed

Verdict = Literal["run", "skip"]


def verdict(kind: Kind, claimed: Claimed) -> Verdict:
    """Whether this firing still runs. Retries inherit the lateness of their firing."""
    is_late = claimed.firing.late_by > kind.lateness_bound
    return "skip" if is_late and kind.late == "skip" else "run"


def next_due(kind: Kind, claimed: Claimed, now: datetime) -> datetime | None:
    """When the timer comes again; None for a one-shot.

    `fire` goes occurrence by occurrence, so an outage is caught up in order. `skip` and
    `coalesce` go on from now: what was missed is missed, or was done by this one run.
    """
    if claimed.cron is None or claimed.zone is None:
        return None
    due_at = claimed.firing.due_at
    after = due_at if kind.late == "fire" else max(due_at, now)
    return next_occurrence(claimed.cron, claimed.zone, after)
