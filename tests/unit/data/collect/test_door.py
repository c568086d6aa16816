"""Goal: the door takes what is right, keeps what it rejects, and refuses with a cure."""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import zstandard

from liftline.data.log.contracts import parse_position
from tests.keys import key_text

SERVER_KEY = key_text("server", "keyserver")


def test_one_event_is_taken(door: Any, good: Any) -> None:
    reply = door.post(good(timestamp="2026-05-01T13:59:00+02:00", context={"b": 1, "a": 2}))
    assert reply.status == 200
    assert reply.json["accepted"] == 1
    assert reply.json["rejected"] == []
    assert parse_position(reply.json["position"]) == door.log.stats.durable
    (event,) = door.events
    assert (event.project, event.environment, event.source_id) == ("demo", "dev", "source-server")
    assert (event.message_id, event.user_id, event.sender) == ("m1", "u1", "server")
    assert event.timestamp == "2026-05-01T13:59:00+02:00"
    assert event.event_at == datetime(2026, 5, 1, 11, 59, tzinfo=UTC)
    assert bytes(event.context) == b'{"a":2,"b":1}'
    assert (event.is_planned, event.id_minted, event.plan_version) == (True, False, 7)


@pytest.mark.parametrize("shape", ["list", "events", "batch"])
def test_many_events_in_every_shape(door: Any, good: Any, shape: str) -> None:
    events = [good(message_id=f"m{number}") for number in range(3)]
    body: Any = events if shape == "list" else {shape: events}
    assert door.post(body).json["accepted"] == 3
    assert [event.message_id for event in door.events] == ["m0", "m1", "m2"]
    assert door.log.stats.events == 3


def test_one_bad_event_does_not_take_its_neighbours_with_it(door: Any, good: Any) -> None:
    bad = [
        good(properties={}),
        good(timestamp="yesterday"),
        good(timestamp="2026-05-01T12:00:00"),
        good(user_id=7),
        good(event="unheard_of"),
        {"message_id": "nameless"},
        "text",
        good(message_id="x" * 201),
        good(type="wink"),
        good(event="ci_run", properties={}),
    ]
    reply = door.post([good(), *bad, good(message_id="last")])
    assert reply.json["accepted"] == 2
    codes = [rejected["code"] for rejected in reply.json["rejected"]]
    assert codes == [
        "required_missing", "bad_timestamp", "bad_timestamp", "wrong_type", "unplanned_event",
        "name_missing", "not_an_object", "id_too_long", "unknown_type", "sender_not_allowed",
    ]  # fmt: skip
    assert [rejected["index"] for rejected in reply.json["rejected"]] == list(range(1, 11))
    assert all(rejected["cure"] and rejected["message"] for rejected in reply.json["rejected"])
    assert len(door.letters) == 10
    assert door.log.stats.events == 12, "received = accepted + rejected"
    raw = b64decode(door.letters[0].raw_base64 or "")
    assert msgspec.json.decode(raw) == bad[0], "a dead letter keeps the bytes as they came"
    assert (door.letters[0].message_id, door.letters[0].name) == ("m1", "checklist_viewed")


def test_a_missing_id_is_minted_once_for_each(door: Any, good: Any) -> None:
    event = good()
    del event["message_id"]
    first = door.post([event, good(), event])
    second = door.post([event])
    assert first.json["id_minted"] == [0, 2]
    assert second.json["id_minted"] == [0]
    minted = [event.message_id for event in door.events if event.id_minted]
    assert len(set(minted)) == 3


@pytest.mark.parametrize("copies", [1, 8])
@pytest.mark.parametrize("names", [
    ("message_id", "user_id", "anonymous_id"), ("messageId", "userId", "anonymousId")
])  # fmt: skip
def test_an_empty_text_is_no_id(door: Any, good: Any, names: Any, copies: int) -> None:
    event = {**good(), "message_id": None, "user_id": None, **dict.fromkeys(names, "")}
    assert door.post([event] * copies).json["id_minted"] == list(range(copies))
    assert len({event.message_id for event in door.events}) == copies
    for event in door.events:
        assert event.id_minted
        assert (event.user_id, event.anonymous_id) == (None, None)
    rejected = door.post([{**good(event="unheard_of"), **dict.fromkeys(names, "")}])
    assert rejected.json["accepted"] == 0
    assert door.letters[0].message_id in (None, "m1")


def test_null_is_as_good_as_nothing(door: Any) -> None:
    event = {"event": "old_event", "message_id": "m", "user_id": None, "properties": None}
    assert door.post(event | {"context": None, "timestamp": None}).json["accepted"] == 1
    assert bytes(door.events[0].properties) == bytes(door.events[0].context) == b"{}"
    assert door.events[0].event_at == door.clock.now()


def test_deprecated_events_are_taken_with_a_warning(door: Any) -> None:
    reply = door.post({"event": "old_event", "message_id": "m"})
    assert reply.json["accepted"] == 1
    assert "deprecated" in reply.json["warnings"][0]["message"]


def test_segment_shapes(door: Any) -> None:
    told = [
        {"type": "track", "event": "checklist_viewed", "messageId": "1", "userId": "u",
         "anonymousId": None, "properties": {"step_id": "s"}, "integrations": {},
         "originalTimestamp": "2026-05-01T11:00:00.000Z", "_metadata": {"x": 1}},
        {"type": "identify", "messageId": "2", "userId": "u", "traits": {"plan": "pro"}},
        {"type": "page", "messageId": "3", "anonymousId": "a", "name": "Home", "category": "Docs"},
        {"type": "group", "messageId": "4", "userId": "u", "groupId": "g", "traits": {"n": 1}},
        {"type": "alias", "messageId": "5", "userId": "u", "previousId": "a"},
        {"type": "screen", "messageId": "6", "userId": "u", "name": "Start", "properties": None},
    ]  # fmt: skip
    basic = b64encode(f"{SERVER_KEY}:".encode()).decode()
    body = {"batch": told, "sentAt": "2026-05-01T12:00:01Z", "writeKey": SERVER_KEY}
    packed = gzip.compress(msgspec.json.encode(body))
    headers = {"authorization": f"Basic {basic}", "content-encoding": "gzip"}
    reply = door.request("POST", "/v1/batch", packed, headers)
    assert reply.json["rejected"] == []
    events = door.events
    assert [event.type for event in events] == [event["type"] for event in told]
    assert bytes(events[1].properties) == b'{"plan":"pro"}'
    assert (events[2].name, bytes(events[2].properties)) == ("Home", b'{"category":"Docs"}')
    assert bytes(events[3].properties) == b'{"group_id":"g","n":1}'
    assert bytes(events[4].properties) == b'{"previous_id":"a"}'
    assert events[0].sent_at == datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)
    assert events[0].timestamp == "2026-05-01T11:00:00.000Z"


def test_each_path_names_its_type(door: Any) -> None:
    for path in ("identify", "page", "screen", "group", "alias"):
        assert door.post({"userId": "u", "messageId": path}, f"/v1/{path}").json["accepted"] == 1
    assert [event.type for event in door.events] == ["identify", "page", "screen", "group", "alias"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {SERVER_KEY}"},
        {"authorization": "Basic " + b64encode(f"{SERVER_KEY}:".encode()).decode()},
        {"authorization": "Basic " + b64encode(f":{SERVER_KEY}".encode()).decode()},
        {"x-api-key": SERVER_KEY},
    ],
)
def test_a_key_may_come_in_each_header(door: Any, good: Any, headers: dict[str, str]) -> None:
    raw = msgspec.json.encode(good())
    assert door.request("POST", "/v1/events", raw, headers).status == 200


def test_a_key_may_come_in_the_body(door: Any, good: Any) -> None:
    assert door.post({"events": [good()], "writeKey": SERVER_KEY}, key="").status == 200
    assert door.post({"events": [good()], "writeKey": "wrong"}, key="").status == 401
    assert door.post(b"{", key="").status == 401, "a stranger's garbage is nobody's dead letter"
    assert len(door.lines) == 1


@pytest.mark.parametrize(
    "authorization", ["Bearer wrong", "Basic !!", "Digest x", "Bearer " + "x" * 999]
)
def test_an_unknown_key_is_refused_with_a_cure(door: Any, good: Any, authorization: str) -> None:
    raw = msgspec.json.encode(good())
    reply = door.request("POST", "/v1/events", raw, {"authorization": authorization})
    assert reply.status == 401
    assert reply.json["code"] == "unknown_key"
    assert "writeKey" in reply.json["cure"]
    assert door.lines == []


def test_nothing_a_client_says_decides_its_trust(door: Any, good: Any) -> None:
    claims = {"sender": "system", "project": "other", "source_id": "x", "is_planned": True}
    door.post(good(**claims))
    (event,) = door.events
    assert (event.sender, event.project, event.source_id) == ("server", "demo", "source-server")
    forged = door.post(
        {"event": "ci_run", "message_id": "m"}, key="public", origin="https://app.example"
    )
    assert forged.json["rejected"][0]["code"] == "sender_not_allowed"


def test_a_public_key_works_from_its_origins_only(door: Any, good: Any) -> None:
    at_home = door.post(good(), key="public", origin="https://app.example")
    assert at_home.status == 200
    assert at_home.headers[b"access-control-allow-origin"] == b"https://app.example"
    elsewhere = door.post(good(), key="public", origin="https://evil.example")
    assert elsewhere.status == 403
    assert b"access-control-allow-origin" not in elsewhere.headers
    assert door.post(good(), key="public").status == 403


def test_preflight_answers_for_known_origins(door: Any) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    reply = door.request("OPTIONS", "/v1/events", headers=asked)
    assert reply.status == 204
    assert reply.headers[b"access-control-allow-origin"] == b"https://app.example"
    assert door.request("OPTIONS", "/v1/events", headers={"origin": "https://x"}).status == 403


def test_history_is_for_keys_that_are_kept_secret(door: Any, good: Any) -> None:
    body = {"events": [good()], "historical": True}
    assert door.post(body).status == 200
    assert door.events[0].is_historical
    assert door.post(body, key="public", origin="https://app.example").status == 403
    assert door.post({"events": [good(), 1], "historical": "yes"}).json["code"] == "wrong_type"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"7", "no_events"),
        (b"[]", "no_events"),
        (b'{"events":[]}', "no_events"),
        (b'{"events":7}', "no_events"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "too_deep"),
    ],
)
def test_a_body_without_events_is_one_dead_letter(door: Any, body: bytes, code: str) -> None:
    reply = door.post(body)
    assert (reply.status, reply.json["code"]) == (400, code)
    assert reply.json["cure"]
    (letter,) = door.letters
    assert b64decode(letter.raw_base64 or "") == body
    assert door.log.stats.events == 1


@pytest.mark.parametrize(
    "poison",
    [
        b'{"event":"checklist_viewed","properties":{"step_id":"\xff"}}',
        b'{"event":"checklist_viewed","properties":{"step_id":"a","step_id":"b"}}',
        b'{"event":"checklist_viewed","properties":{"step_id":"\\ud800"}}',
        b'{"event":"\xc3\x28","properties":{}}',
        b'{"event":"checklist_viewed","properties":{"step_id":1e999}}',
        b'{"event":"checklist_viewed","properties":[]}',
        b'{"event":"checklist_viewed","properties":{"step_id":"s"},"context":{"a":1,"a":2}}',
        b'{"event":"checklist_viewed","properties":{"step_id":"s"},"context":[]}',
        b'{"event":"checklist_viewed","properties":{"step_id":"s"},"timestamp":"9999-99-99T99:99:99Z"}',
        b'{"event":"checklist_viewed","user_id":{"a":1},"properties":{"step_id":"s"}}',
        b'{"event":"checklist_viewed","properties":' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
)
def test_poison_is_rejected_alone(door: Any, good: Any, poison: bytes) -> None:
    fine = msgspec.json.encode(good())
    reply = door.post(b'{"events":[%b,%b,%b]}' % (fine, poison, fine))
    assert reply.status == 200, reply.json
    assert reply.json["accepted"] == 2
    assert [rejected["index"] for rejected in reply.json["rejected"]] == [1]
    assert b64decode(door.letters[0].raw_base64 or "") == poison


def test_poison_in_an_envelope_leaves_the_envelope_readable(door: Any, good: Any) -> None:
    fine = msgspec.json.encode(good())
    poison = b'{"event":"\\ud800 [{,\\""}'
    body = b'{"a":[1,{}],"batch":[ %b , %b],"sentAt":"2026-05-01T12:00:01Z"}' % (poison, fine)
    reply = door.post(body)
    assert (reply.json["accepted"], reply.json["rejected"][0]["code"]) == (1, "not_json")
    assert door.events[0].sent_at == datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)


def test_zstd_is_unpacked(door: Any, good: Any) -> None:
    packed = zstandard.compress(msgspec.json.encode(good()))
    assert door.post(packed, content_encoding="zstd").json["accepted"] == 1


def test_without_snapshots_nothing_is_taken(bare_door: Any, good: Any) -> None:
    assert bare_door.request("GET", "/readyz").status == 503
    reply = bare_door.post(good())
    assert reply.status == 503
    assert reply.headers[b"retry-after"] == b"1"
    bare_door.publish()

    async def until_ready() -> int:
        for _ in range(500):
            reply = await bare_door.send("GET", "/readyz", [b""], {}, "x")
            if reply.status == 200:
                return 200
            await asyncio.sleep(0.01)
        return 503

    assert bare_door.loop.run_until_complete(until_ready()) == 200
    assert bare_door.post(good()).status == 200


def test_an_expired_key_is_unknown(door: Any, good: Any) -> None:
    door.publish_expiring(timedelta(hours=1))
    assert door.post(good()).status == 200
    door.clock.advance(timedelta(hours=2))
    assert door.post(good()).status == 401


def test_a_revoked_key_is_gone_with_the_next_snapshot(door: Any, good: Any) -> None:
    assert door.post(good()).status == 200
    door.publish(())
    door.refresh()
    assert door.post(good()).status == 401


def test_a_full_log_asks_to_wait_and_a_failed_one_stops(door: Any, good: Any) -> None:
    door.writer._max_pending_bytes = 10
    full = door.post(good())
    assert (full.status, full.json["code"]) == (429, "log.full")
    assert int(full.headers[b"retry-after"]) >= 1
    door.writer.fail("disk full")
    assert door.post(good()).status == 503
    ready = door.request("GET", "/readyz")
    assert ready.status == 503
    assert "disk full" in ready.json["message"]
    assert door.request("GET", "/healthz").status == 200


def test_no_answer_before_the_disk(door: Any, good: Any) -> None:
    door.writer.hold()

    async def post() -> int:
        headers = {"authorization": f"Bearer {SERVER_KEY}"}
        raw = msgspec.json.encode(good())
        task = asyncio.ensure_future(door.send("POST", "/v1/events", [raw], headers, "a"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        door.writer.commit()
        return (await asyncio.wait_for(task, 5)).status

    assert door.loop.run_until_complete(post()) == 200


def test_other_paths_and_methods(door: Any) -> None:
    assert door.request("GET", "/v1/events").status == 405
    assert door.request("GET", "/nowhere").json["cure"]
    assert door.request("GET", "/nowhere").status == 404


def test_metrics_count_what_happened(door: Any, good: Any) -> None:
    door.post([good(), good(properties={})])
    page = door.request("GET", "/metrics").body.decode()
    for line in (
        "liftline_collector_received_events_total 2",
        "liftline_collector_accepted_events_total 1",
        'liftline_collector_rejected_events_total{code="required_missing"} 1',
        "liftline_collector_log_events_total 2",
        'liftline_control_version{name="plan"} 1',
        'liftline_control_damaged{name="keys"} 0',
        'liftline_collector_commit_seconds_bucket{le="+Inf"} 0',
    ):
        assert line in page.splitlines()
