"""Goal: Segment's own Python library works against the real collector, unmodified, retries too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.collector_process import SECRET, CollectorProcess, publish_control
from tests.simulation.flaky_proxy import wait_until
from tests.simulation.test_collector_faults import read_log

client_module = pytest.importorskip(
    "segment.analytics.client", reason="pip install segment-analytics-python"
)
pytestmark = pytest.mark.slow


@pytest.fixture
def unpublished(tmp_path: Path) -> Iterator[CollectorProcess]:
    """A collector that was never told of keys or a plan: it answers 503."""
    (tmp_path / "control").mkdir()
    collector = CollectorProcess(tmp_path)
    collector.start(until_ready=False)
    yield collector
    collector.stop()


def send_all_kinds(client: Any) -> list[str]:
    """One call of each kind; returns the ids the library made."""
    properties = {"n": 7}
    sent = [
        client.track(user_id="u1", event="checklist_viewed", properties=properties),
        client.track(anonymous_id="a1", event="checklist_viewed", properties=properties),
        client.identify(user_id="u1", traits={"plan": "pro"}),
        client.page(user_id="u1", category="Docs", name="Home", properties={"n": 1}),
        client.screen(user_id="u1", category="App", name="Start", properties={"n": 1}),
        client.group(user_id="u1", group_id="g1", traits={"size": 3}),
        client.alias(previous_id="a1", user_id="u1"),
    ]
    assert all(is_queued for is_queued, _ in sent)
    return [message["messageId"] for _, message in sent]


@pytest.mark.parametrize("gzip", [True, False])
def test_every_kind_arrives_after_503_and_a_retry(
    unpublished: CollectorProcess, gzip: bool
) -> None:
    errors: list[Any] = []
    client = client_module.Client(
        SECRET,
        host=f"http://127.0.0.1:{unpublished.port}",
        gzip=gzip,
        upload_interval=0.05,
        on_error=lambda error, _batch: errors.append(error),
    )
    expected = send_all_kinds(client)
    wait_until(lambda: unpublished.answers(503) > 0, 20, "the library was told to wait")
    publish_control(unpublished.directory / "control")
    flushing = threading.Thread(target=client.shutdown)
    wait_until(lambda: unpublished.answers(200) > 0, 20, "the library tried again")
    flushing.start()
    flushing.join(20)
    assert not flushing.is_alive()
    ids, rejected, _ = read_log(unpublished.log_directory)
    assert (sorted(ids), rejected, errors) == (sorted(expected), 0, [])
