"""When a recurrence comes next, in wall-clock time of an IANA zone.

The clock change is decided as Debian's cron does it, and tested:

- Gap (spring): an occurrence at a fixed hour inside the hour that does not exist comes at
  the first instant after the gap. It is never lost.
- Fold (autumn): an occurrence at a fixed hour inside the hour that comes twice comes once,
  the first time. Expressions with a wildcard hour or minute follow elapsed time, so an
  hourly job runs in both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from liftline.core.errors import InvalidError

_STEPS_MAX: Final = 1000


class BadScheduleError(InvalidError):
    """That is not a schedule."""

    code = "jobs.bad_schedule"
    default_cure = "write five cron fields, such as `0 7 * * MON`, and an IANA zone"


def next_occurrence(expression: str, zone: str, after: datetime) -> datetime:
    """The first occurrence strictly after an instant, in UTC. Raises BadScheduleError."""
    if len(expression.split()) != 5:
        raise BadScheduleError(f"{expression!r} does not have five fields")
    try:
        local = after.astimezone(ZoneInfo(zone))
        occurrences = CronSim(expression, local)
    except (CronSimError, ZoneInfoNotFoundError, ValueError) as failed:
        raise BadScheduleError(f"{expression!r} in {zone!r}: {failed}") from failed
    # Inside a fold the library restarts from the first pass and may name an instant that
    # is already over; the loop steps past those.
    for _ in range(_STEPS_MAX):
        try:
            found: datetime = next(occurrences).astimezone(UTC)
        except StopIteration:
            break
        if found > after:
            return found
    raise BadScheduleError(f"{expression!r} never occurs")
