"""Goal: the sender retries as a good client does, honours Retry-After, and gives up in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from liftline_demo import send
from liftline_demo.send import ORIGIN, Door, NoAnswerError, RefusedError, StoppingError
from liftline_demo.stop import Stop
from liftline_demo.wire import Request

if TYPE_CHECKING:
    from tests.unit.demo.conftest import DemoCollector


class PatientStop(Stop):
    """Notes how long the sender would have waited, and waits not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.is_requested


@pytest.fixture
def demo_stop() -> Iterator[PatientStop]:
    stop = PatientStop()
    yield stop
    stop.close()


@pytest.fixture
def demo_door(demo_collector: DemoCollector, demo_stop: PatientStop) -> Iterator[Door]:
    keys = {"server": "srv_1", "public": "pub_1"}
    door = Door(demo_collector.url, keys, demo_stop, timeout_s=0.2)  # type: ignore[arg-type]
    yield door
    door.close()


def request(form: str = "events", sender: str = "server") -> Request:
    listed = b"events" if form == "events" else b"batch"
    body = b'{"%s": [{"message_id": "m1"}, {"message_id": "m2"}]}' % listed
    return Request(form=form, sender=sender, body=body, events=2, first_message_id="m1")  # type: ignore[arg-type]


def test_an_answer_is_read(demo_door: Door, demo_collector: DemoCollector) -> None:
    receipt = demo_door.post(request())
    assert (receipt.accepted, receipt.rejected) == (2, [])
    (seen,) = demo_collector.requests
    assert seen["path"] == "/v1/events"
    assert seen["headers"]["authorization"] == "Bearer srv_1"
    assert "origin" not in seen["headers"]


def test_segment_s_form_uses_basic_and_browsers_name_their_origin(
    demo_door: Door, demo_collector: DemoCollector
) -> None:
    demo_door.post(request("segment", "public"))
    (seen,) = demo_collector.requests
    assert seen["path"] == "/v1/batch"
    assert httpx.BasicAuth("pub_1", "")._auth_header == seen["headers"]["authorization"]
    assert seen["headers"]["origin"] == ORIGIN


def test_busy_is_retried_after_what_the_collector_asks_for(
    demo_door: Door, demo_collector: DemoCollector, demo_stop: PatientStop
) -> None:
    demo_collector.plan = [
        demo_collector.says(429, {"retry-after": "7"}),
        demo_collector.says(503, {"retry-after": "100000"}),
        demo_collector.says(503),
    ]
    assert demo_door.post(request()).accepted == 2
    assert demo_door.retries == 3
    asked, bounded, own = demo_stop.waited
    assert 7 <= asked < 8
    assert send.MAX_RETRY_AFTER_S <= bounded < send.MAX_RETRY_AFTER_S + 1
    assert 0 < own < 1


def test_a_lost_answer_and_a_timeout_send_the_same_bytes_again(
    demo_door: Door, demo_collector: DemoCollector
) -> None:
    demo_collector.plan = ["drop", "hang"]
    assert demo_door.post(request()).accepted == 2
    first, second = demo_collector.requests
    assert first["raw"] == second["raw"]
    assert demo_door.retries == 2


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_refusal_of_the_whole_request_is_raised_at_once(
    demo_door: Door, demo_collector: DemoCollector, status: int
) -> None:
    demo_collector.plan = [demo_collector.says(status)]
    with pytest.raises(RefusedError, match=str(status)):
        demo_door.post(request())
    assert demo_door.retries == 0


def test_a_stop_ends_the_retries(
    demo_door: Door, demo_collector: DemoCollector, demo_stop: PatientStop
) -> None:
    demo_collector.plan = [demo_collector.says(503)] * 3
    demo_stop.request()
    with pytest.raises(StoppingError):
        demo_door.post(request())
    assert len(demo_collector.plan) == 2


def test_nobody_there_is_an_error_after_all_attempts(
    demo_stop: PatientStop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "MAX_ATTEMPTS", 15)
    door = Door("http://127.0.0.1:1", {"server": "s", "public": "p"}, demo_stop)
    try:
        with pytest.raises(NoAnswerError, match="15 attempts"):
            door.post(request())
    finally:
        door.close()
    assert len(demo_stop.waited) == 15
    assert max(demo_stop.waited) <= send.MAX_PAUSE_S
    assert demo_stop.waited[4] > demo_stop.waited[0]
