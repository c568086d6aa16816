"""Goal: loading is prompt when it is cheap and rare when it is dear."""

from __future__ import annotations

import pytest

from liftline.data.warehouse.pace import Backoff, Pace

PACE = Pace(batch_events=100, batch_age_s=1.0, core_share=0.3)


@pytest.mark.parametrize(
    ("pending", "waiting_s", "is_due"),
    [(0, 99.0, False), (1, 0.9, False), (1, 1.0, True), (99, 0.0, False), (100, 0.0, True)],
)
def test_a_batch_closes_when_full_or_old(pending: int, waiting_s: float, is_due: bool) -> None:
    assert PACE.is_due(pending_events=pending, waiting_s=waiting_s) is is_due


@pytest.mark.parametrize(("cpu_s", "wall_s"), [(0.3, 0.2), (1.0, 2.0), (0.001, 5.0)])
def test_rest_keeps_loading_under_its_share_of_a_core(cpu_s: float, wall_s: float) -> None:
    rest_s = PACE.rest_s(cpu_s=cpu_s, wall_s=wall_s)
    assert rest_s >= 0.0
    assert cpu_s / (wall_s + rest_s) <= 0.3 + 1e-9


def test_waiting_after_failures_doubles_up_to_a_bound() -> None:
    backoff = Backoff(first_s=1.0, most_s=60.0)
    assert [backoff.wait_s(n) for n in (1, 2, 3, 7, 1000)] == [1.0, 2.0, 4.0, 60.0, 60.0]
