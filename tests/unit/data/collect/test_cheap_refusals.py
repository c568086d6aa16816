"""Goal: what is refused is refused before it costs work: nothing is made of its events."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest

from liftline.data.collect import packing, wire
from liftline.data.collect.contracts import Limits, TooLargeError, UnreadableError
from liftline.data.collect.packing import MAX_GZIP_MEMBERS, unpack
from liftline.data.collect.wire import read_body, write_keys
from tests.keys import key_text

SERVER_KEY = key_text("server", "keyserver")
ONES = b"[" + b"1," * 20_000 + b"1]"
EMPTIES = b'{"events":[' + b"{}," * 200_000 + b"{}]}"
DAMAGED = b'{"context":"\\ud83d"}'


@pytest.fixture
def read_events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of the ways to read events were taken."""
    taken: list[str] = []
    for name in ("_decode_body", "_decode_event", "_decode_envelope", "split_exactly"):
        original = getattr(wire, name)

        def counting(raw: Any, name: str = name, original: Any = original) -> Any:
            taken.append(name)
            return original(raw)

        monkeypatch.setattr(wire, name, counting)
    return taken


@pytest.mark.parametrize(
    "body",
    [
        ONES,
        EMPTIES,
        b'{"writeKey":"nobody","batch":' + ONES + b"}",
        b'{"writeKey":"nobody","batch":[1,' + DAMAGED + b"]}",
        b"not json",
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_without_a_live_key_no_event_is_read(
    door: Any, read_events: list[str], body: bytes, is_packed: bool
) -> None:
    headers = {"content_encoding": "gzip"} if is_packed else {}
    sent = gzip.compress(body, mtime=0) if is_packed else body
    assert door.post(sent, key="", **headers).status == 401
    assert read_events == []
    assert door.lines == []


@pytest.mark.parametrize(
    "body",
    [ONES, b'{"batch":' + ONES + b',"user_id":7}', EMPTIES, EMPTIES[10:-1]],
)
def test_events_are_counted_before_any_is_read(read_events: list[str], body: bytes) -> None:
    with pytest.raises(TooLargeError) as refused:
        read_body(body)
    assert refused.value.reason == "batch_too_large"
    assert "_decode_event" not in read_events
    assert "split_exactly" not in read_events
    if b"{}," in body:
        assert "_decode_body" not in read_events, "no struct is made of 200,000 empty events"


def test_many_braces_in_few_events_are_no_reason_to_refuse() -> None:
    event = {"event": "x", "properties": {"list": [{}] * 60_000, "text": "x" * 200_000}}
    assert len(read_body(msgspec.json.encode([event])).events) == 1
    assert len(read_body(msgspec.json.encode(event)).events) == 1


def test_empty_gzip_members_are_bounded() -> None:
    empty = gzip.compress(b"", mtime=0)
    some = gzip.compress(b'{"event":', mtime=0) + gzip.compress(b'"x"}', mtime=0)
    assert unpack(empty * (MAX_GZIP_MEMBERS - 2) + some, b"gzip", Limits()) == b'{"event":"x"}'
    with pytest.raises(UnreadableError, match="members"):
        unpack(empty * (MAX_GZIP_MEMBERS + 1), b"gzip", Limits())


def test_unpacking_copies_no_more_than_a_piece_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing, "PIECE_BYTES", 7)
    members = [b"a" * 100, b"", bytes(range(256)) * 3]
    packed = b"".join(gzip.compress(each, mtime=0) for each in members)
    assert unpack(packed, b"gzip", Limits()) == b"".join(members)
    with pytest.raises(UnreadableError):
        unpack(packed[:-1], b"gzip", Limits())
    with pytest.raises(TooLargeError):
        unpack(packed, b"gzip", Limits(unpacked_bytes=200))


def test_a_key_in_the_body_is_found_without_its_events(door: Any, good: Any) -> None:
    event = msgspec.json.encode(good())
    key = SERVER_KEY.encode()
    whole = b'{"batch":[%b],"writeKey":"%b"}' % (event, key)
    damaged = b'{"batch":[%b,%b],"writeKey":"%b"}' % (event, DAMAGED, key)
    assert write_keys(whole) == write_keys(damaged) == [SERVER_KEY]
    assert door.post(whole, key="").json["accepted"] == 1
    reply = door.post(damaged, key="").json
    assert (reply["accepted"], len(reply["rejected"])) == (1, 1)


def test_a_live_key_among_an_events_words_opens_nothing(door: Any, good: Any) -> None:
    mentioned = msgspec.json.encode(good(properties={"writeKey": SERVER_KEY}))
    assert door.post(mentioned, key="").status == 401
    damaged = b'{"batch":[%b,%b],"writeKey":"nobody"}' % (mentioned, DAMAGED)
    assert door.post(damaged, key="").status == 401
    assert door.lines == []


def test_refused_bytes_are_charged_to_the_address(tight_door: Any) -> None:
    body = b"[" + b"1," * 4_500 + b"1]"
    assert tight_door.request("POST", "/v1/events", body).status == 401
    small = [tight_door.request("POST", "/v1/events", b"{}").status for _ in range(8)]
    assert small.count(401) < 7, "nine kilobytes cost more than one request"
    assert tight_door.request("POST", "/v1/events", body, address="10.0.0.2").status == 401


def test_a_bomb_is_charged_as_all_it_may_unpack_to(tight_door: Any) -> None:
    bomb = gzip.compress(b" " * 100_000, mtime=0)
    headers = {"content-encoding": "gzip"}
    assert tight_door.request("POST", "/v1/events", bomb, headers).status == 413
    statuses = [tight_door.request("POST", "/v1/events", b"{}").status for _ in range(8)]
    assert statuses.count(401) <= 3
