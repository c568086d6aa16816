"""Goal: history once, then live; a restart or a crash loses nothing and doubles no fact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from liftline_demo.progress import ProgressFile
from liftline_demo.run import FLUSH_S, OtherWorldError, Run, Surroundings, Wishes
from liftline_demo.send import Door
from liftline_demo.stop import Stop, StoppedError
from liftline_demo.truth import GroundTruth

if TYPE_CHECKING:
    from tests.unit.demo.conftest import DemoCollector

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TRUTH = GroundTruth(sign_ups_per_day=20, regular_visits_per_hour=2)
WISHES = Wishes(seed=4, days=2, rate_per_s=2.0, truth=TRUTH)


class TickingStop(Stop):
    """Waiting moves the clock instead of the test, and stops after so many waits."""

    def __init__(self, clock: list[datetime], waits: int) -> None:
        super().__init__()
        self._clock = clock
        self._waits = waits

    def wait(self, seconds: float) -> bool:
        self._clock[0] += timedelta(seconds=seconds)
        self._waits -= 1
        if self._waits <= 0:
            self.request()
        return self.is_requested


@dataclass
class Stage:
    """Runs the demo against the collector double with a clock of its own."""

    collector: Any
    path: Path
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    reports: list[dict[str, object]] = field(default_factory=list)

    def run(self, waits: int = 30, wishes: Wishes = WISHES) -> None:
        stop = TickingStop(self.clock, waits)
        door = Door(self.collector.url, {"server": "s", "public": "p"}, stop)
        try:
            with ProgressFile(self.path) as file:
                around = Surroundings(
                    door=door,
                    file=file,
                    stop=stop,
                    now=lambda: self.clock[0],
                    report=self.reports.append,
                )
                Run(wishes, around).until_stopped()
        finally:
            door.close()
            stop.close()


@pytest.fixture
def demo_stage(demo_collector: DemoCollector, tmp_path: Path) -> Iterator[Stage]:
    return Stage(demo_collector, tmp_path / "demo.json")


def history_only() -> Wishes:
    return Wishes(seed=4, days=2, truth=TRUTH, is_history_only=True)


def parts(collector: Any) -> tuple[list[Any], list[Any]]:
    flagged = [r for r in collector.requests if r["body"].get("historical")]
    return flagged, [r for r in collector.requests if not r["body"].get("historical")]


def test_history_comes_first_and_whole_then_live(
    demo_stage: Stage, demo_collector: DemoCollector
) -> None:
    demo_stage.run()
    history, live = parts(demo_collector)
    assert history == demo_collector.requests[: len(history)]
    seam = NOW.timestamp()
    aware = [
        datetime.fromisoformat(event["timestamp"])
        for request in history
        for event in request["events"]
        if "Z" in event["timestamp"] or event["timestamp"][-6] in "+-"
    ]
    assert len(aware) > 500
    assert max(instant.timestamp() for instant in aware) < seam
    assert min(aware) < NOW - timedelta(days=2)
    assert 20 < sum(len(request["events"]) for request in live) < 2 * 30 * FLUSH_S * 4
    assert demo_stage.reports[0]["phase"] == "started"
    assert demo_stage.reports[-1]["phase"] == "stopped"


def test_the_same_world_is_sent_the_same_way_twice(
    demo_stage: Stage, demo_collector: DemoCollector, tmp_path: Path
) -> None:
    demo_stage.run(wishes=history_only())
    first = demo_collector.ids()
    demo_collector.requests.clear()
    Stage(demo_collector, tmp_path / "other.json").run(wishes=history_only())
    assert demo_collector.ids() == first
    assert len(first) > 500


def test_a_restart_goes_on_without_sending_anything_again(
    demo_stage: Stage, demo_collector: DemoCollector
) -> None:
    demo_stage.run(waits=20)
    known = set(demo_collector.ids())
    demo_collector.requests.clear()
    demo_stage.run(waits=40)
    assert not parts(demo_collector)[0]
    again = set(demo_collector.ids()) & known
    fresh = set(demo_collector.ids()) - known
    assert len(fresh) > 30
    assert len(again) <= 3  # a client's own retry, planned by the dirt, may fall behind the restart


def test_after_a_pause_lives_go_on_as_history(
    demo_stage: Stage, demo_collector: DemoCollector
) -> None:
    demo_stage.run(waits=5)
    demo_collector.requests.clear()
    demo_stage.clock[0] += timedelta(hours=8)
    demo_stage.run(waits=5)
    history, live = parts(demo_collector)
    missed = sum(len(request["events"]) for request in history)
    assert 100 < missed < 8 * 3600 * 2 / 4
    assert live


def test_a_very_long_pause_is_not_made_up_for_in_full(
    demo_stage: Stage, demo_collector: DemoCollector
) -> None:
    demo_stage.run(wishes=history_only())
    demo_collector.requests.clear()
    demo_stage.clock[0] += timedelta(days=30)
    slow = Wishes(seed=4, days=2, rate_per_s=0.01, truth=TRUTH)
    demo_stage.run(waits=2, wishes=slow)
    oldest = min(
        datetime.fromisoformat(event["timestamp"])
        for request in demo_collector.requests
        for event in request["events"]
        if event["timestamp"].endswith("Z")
    )
    assert (
        demo_stage.clock[0] - timedelta(days=14, hours=3)
        < oldest
        < demo_stage.clock[0] - timedelta(days=13)
    )


def test_a_crash_sends_the_doubtful_again_in_the_same_form(
    demo_stage: Stage, demo_collector: DemoCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_stage.run(waits=5)
    demo_collector.requests.clear()
    save = ProgressFile.save
    saves: list[object] = []

    def dying_save(file: ProgressFile, progress: Any) -> None:
        saves.append(progress)
        if len(saves) == 4:  # the receipt of the second chunk came, and is never written down
            raise StoppedError
        save(file, progress)

    monkeypatch.setattr(ProgressFile, "save", dying_save)
    with pytest.raises(StoppedError):
        demo_stage.run()
    monkeypatch.undo()
    doubtful = demo_collector.requests[-1]
    demo_collector.requests.clear()
    demo_stage.clock[0] += timedelta(hours=3)
    demo_stage.run(waits=5)
    again = [r for r in demo_collector.requests if r["events"] == doubtful["events"]]
    assert again
    assert "historical" not in again[0]["body"]
    assert again[0]["headers"]["authorization"] == doubtful["headers"]["authorization"]


def test_some_batches_are_sent_twice_byte_for_byte(
    demo_stage: Stage, demo_collector: DemoCollector
) -> None:
    truth = GroundTruth(sign_ups_per_day=20, regular_visits_per_hour=2, dirt_retried_batch=1.0)
    wishes = Wishes(seed=4, days=2, truth=truth, is_history_only=True)
    demo_stage.run(wishes=wishes)
    bodies = [request["raw"] for request in demo_collector.requests]
    assert bodies[::2] == bodies[1::2]
    assert demo_stage.reports[-1]["repeated_batches"] == len(bodies) // 2 > 0


def test_another_seed_is_refused(demo_stage: Stage) -> None:
    demo_stage.run(wishes=history_only())
    with pytest.raises(OtherWorldError, match="seed 4, not 5"):
        demo_stage.run(wishes=Wishes(seed=5, days=2, truth=TRUTH))
