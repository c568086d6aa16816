"""What the pages refuse, with codes that stay."""

from __future__ import annotations

from liftline.core.errors import InvalidError, NotFoundError


class BadRangeError(InvalidError):
    """That is not a time range."""

    code = "dashboards.bad_range"
    default_cure = "give `from` and `to` as RFC 3339 instants, from before to, at most 400 days"


class UnknownMetricError(NotFoundError):
    """There is no metric of that name."""

    code = "dashboards.unknown_metric"
    default_cure = "see /api/metrics for the names"


class UnknownEventError(NotFoundError):
    """There is no event at that place of the log, or it is of another project."""

    code = "dashboards.unknown_event"
    default_cure = "open it from the live events page; erased events are gone"
