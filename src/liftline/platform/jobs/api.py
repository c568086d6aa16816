"""Timers, recurrences and the outbox, for the rooms that need something done later.

`set_timer`, `recur`, `cancel` and `put` run on the caller's open connection: the timer
or message exists exactly when the change that caused it does.
"""

from __future__ import annotations

from liftline.platform.jobs.courier import Courier
from liftline.platform.jobs.cron import BadScheduleError, next_occurrence
from liftline.platform.jobs.loop import JobLoop, Step
from liftline.platform.jobs.store.outbox import (
    IdempotencyConflictError,
    MessageTooLargeError,
    dead_messages,
    put,
    requeue_message,
    waiting_messages,
)
from liftline.platform.jobs.store.timers import (
    BadTimerError,
    StaleFenceError,
    cancel,
    dead_letters,
    keep_recurrences,
    recur,
    recurrence_key,
    requeue,
    set_timer,
    waiting_first,
)
from liftline.platform.jobs.worker import Tally, Worker

__all__ = [
    "BadScheduleError",
    "BadTimerError",
    "Courier",
    "IdempotencyConflictError",
    "JobLoop",
    "MessageTooLargeError",
    "StaleFenceError",
    "Step",
    "Tally",
    "Worker",
    "cancel",
    "dead_letters",
    "dead_messages",
    "keep_recurrences",
    "next_occurrence",
    "put",
    "recur",
    "recurrence_key",
    "requeue",
    "requeue_message",
    "set_timer",
    "waiting_first",
    "waiting_messages",
]
