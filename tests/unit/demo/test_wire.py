"""Goal: what is sent is in the two forms of the contract, and means the instants it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from liftline_demo.dirt import Delivery, deliveries
from liftline_demo.truth import GroundTruth
from liftline_demo.wire import Request, historical, live
from liftline_demo.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(days=2)
TRUTH = GroundTruth(dirt_malformed=0.05, dirt_skewed_clock=0.2)


@pytest.fixture(scope="module")
def demo_batch() -> list[Delivery]:
    start_ms = int(START.timestamp() * 1000)
    world = World(5, START, TRUTH)
    return list(deliveries(world, start_ms - 1, START + timedelta(days=1)))


def body_of(request: Request) -> dict[str, list[dict[str, object]]]:
    body: dict[str, list[dict[str, object]]] = msgspec.json.decode(request.body)
    return body


def test_history_goes_by_the_server_key_and_says_so(demo_batch: list[Delivery]) -> None:
    (request,) = historical(demo_batch, NOW)
    body = msgspec.json.decode(request.body)
    assert (request.form, request.sender) == ("events", "server")
    assert body["historical"] is True
    assert datetime.fromisoformat(body["sent_at"]) == NOW
    assert len(body["events"]) == request.events == len(demo_batch) > 1_000
    assert request.first_message_id == body["events"][0]["message_id"]


def test_every_event_says_that_it_is_simulated(demo_batch: list[Delivery]) -> None:
    requests = [*historical(demo_batch, NOW), *live(demo_batch, NOW)]
    events = [
        event
        for request in requests
        for event in body_of(request).get("events") or body_of(request)["batch"]
    ]
    assert len(events) == 2 * len(demo_batch)
    assert all(event["context"]["simulated"] is True for event in events)  # type: ignore[index]


def test_timestamps_mean_the_instant_however_they_are_spelled(demo_batch: list[Delivery]) -> None:
    (request,) = historical(demo_batch, NOW)
    spellings: dict[str, int] = {}
    for delivery, event in zip(demo_batch, body_of(request)["events"], strict=True):
        text = str(event["timestamp"])
        instant = datetime.fromisoformat(text)
        if delivery.kind == "naive_timestamp":
            assert instant.tzinfo is None
            continue
        assert round(instant.timestamp() * 1000) == delivery.at_ms
        spellings[text[-1] if text[-1] == "Z" else text[-6:]] = 1
    assert {"Z", "+00:00", "+05:30", "-08:00"} <= spellings.keys()


def test_live_traffic_uses_both_forms_and_both_keys(demo_batch: list[Delivery]) -> None:
    requests = live(demo_batch, NOW)
    assert {(request.form, request.sender) for request in requests} == {
        ("events", "public"),
        ("events", "server"),
        ("segment", "public"),
        ("segment", "server"),
    }
    assert sum(request.events for request in requests) == len(demo_batch)
    for request in requests:
        body = body_of(request)
        assert "historical" not in body
        names = {name for event in body.get("batch", []) for name in event}
        assert not {"message_id", "user_id", "anonymous_id"} & names


def test_an_event_keeps_its_form_and_key_in_any_company(demo_batch: list[Delivery]) -> None:
    alone = {
        delivery.message_id: (request.form, request.sender)
        for delivery in demo_batch[:200]
        for request in live([delivery], NOW)
    }
    for request in live(demo_batch[:200], NOW):
        listed = body_of(request).get("events") or body_of(request)["batch"]
        for event in listed:
            message_id = str(event.get("message_id") or event["messageId"])
            assert alone[message_id] == (request.form, request.sender)


def test_a_wrong_clock_is_wrong_about_sent_at_too(demo_batch: list[Delivery]) -> None:
    skewed = [
        d
        for d in demo_batch
        if d.happening.person.skew_ms and d.sender == "public" and d.kind == "clean"
    ]
    assert len(skewed) > 20
    for delivery in skewed:
        (request,) = live([delivery], NOW)
        body = msgspec.json.decode(request.body)
        event = (body.get("events") or body["batch"])[0]
        sent_at = datetime.fromisoformat(body.get("sent_at") or body["sentAt"])
        skew = timedelta(milliseconds=delivery.happening.person.skew_ms)
        assert sent_at - NOW == skew
        told = datetime.fromisoformat(event["timestamp"])
        assert round((told - skew).timestamp() * 1000) == delivery.at_ms
        if "ts" in event["properties"]:
            assert datetime.fromisoformat(event["properties"]["ts"]) == told


def test_types_have_their_own_fields(demo_batch: list[Delivery]) -> None:
    (request,) = historical(demo_batch, NOW)
    events = body_of(request)["events"]
    identify = next(event for event in events if event["type"] == "identify")
    page = next(event for event in events if event["type"] == "page")
    assert "event" not in identify
    assert identify["traits"]
    assert (page["name"], page["properties"]) == ("home", {"path": "/home"})
    assert all(event["event"] for event in events if event["type"] == "track")
