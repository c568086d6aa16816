"""Goal: at each of its limits the door refuses or slows down, and nothing is taken by half."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from typing import Any

import pytest
import zstandard

from tests.keys import key_text

SERVER_KEY = key_text("server", "keyserver")


@pytest.mark.parametrize(
    ("packing", "packed", "status"),
    [
        ("gzip", gzip.compress(b" " * 20_000_000, mtime=0), 413),
        ("zstd", zstandard.compress(b" " * 20_000_000), 413),
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(b'{"event":"x"}', mtime=0)[:-9], 400),
        ("zstd", b"not zstd", 400),
        ("br", b"x", 415),
    ],
)
def test_bombs_and_bad_packings(door: Any, packing: str, packed: bytes, status: int) -> None:
    assert door.post(packed, content_encoding=packing).status == status


def test_limits_refuse_with_413(tight_door: Any, good: Any) -> None:
    assert tight_door.post(b" " * 10_001).status == 413
    declared = tight_door.post(good(), content_length="10001")
    assert declared.status == 413
    assert declared.headers[b"connection"] == b"close"
    assert tight_door.post([good()] * 11).json["code"] == "batch_too_large"
    assert tight_door.lines == []


def test_an_event_over_its_limit_is_rejected_alone(tight_door: Any, good: Any) -> None:
    reply = tight_door.post([good(), good(properties={"step_id": "x" * 1000})])
    assert reply.json["accepted"] == 1
    assert reply.json["rejected"][0]["code"] == "event_too_large"


def test_dead_letters_past_the_cap_are_counted(tight_door: Any, good: Any) -> None:
    assert len(tight_door.post([good(properties={})] * 8).json["rejected"]) == 8
    tight_door.door.flush_counts()
    letters = tight_door.letters
    assert [letter.raw_base64 is None for letter in letters] == [False, False, False, True]
    assert letters[-1].events == 5
    assert tight_door.log.stats.events == 8, "received = accepted + rejected, past the cap too"
    tight_door.clock.advance(timedelta(hours=1))
    tight_door.post([good(properties={})])
    assert tight_door.letters[-1].raw_base64 is not None, "the next hour has its own cap"


def test_past_the_cap_requests_write_no_lines_of_their_own(tight_door: Any) -> None:
    for _ in range(3):
        assert tight_door.post(b"noise").status == 400
    assert tight_door.log.stats.next_ordinal == 3
    for _ in range(5):
        tight_door.clock.advance(timedelta(seconds=2))
        reply = tight_door.post(b"noise")
        assert (reply.status, reply.json["code"]) == (400, "not_json")
    assert tight_door.log.stats.next_ordinal == 3, "only counted so far"
    metrics = tight_door.request("GET", "/metrics").body.decode()
    assert "liftline_collector_dead_letters_capped_total 5\n" in metrics
    assert 'rejected_events_total{code="not_json"} 8\n' in metrics
    tight_door.loop.run_until_complete(tight_door.door.stop())
    (count,) = tight_door.letters[3:]
    assert (count.events, count.raw_base64, count.raw_size_bytes) == (5, None, 25)
    assert tight_door.log.stats.events == 8, "the drain wrote what was pending"


def test_the_drain_waits_until_the_counts_are_durable(tight_door: Any) -> None:
    for number in range(4):
        tight_door.clock.advance(timedelta(seconds=number))
        tight_door.post(b"noise")
    tight_door.writer.hold()
    tight_door.loop.call_later(0.02, tight_door.writer.commit)
    tight_door.loop.run_until_complete(tight_door.door.stop())
    assert tight_door.log.stats.events == 4


def test_a_refused_request_is_not_counted(tight_door: Any, good: Any) -> None:
    tight_door.writer.fail("injected")
    assert tight_door.post([good(), *[good(properties={})] * 8]).status == 503
    metrics = tight_door.request("GET", "/metrics").body.decode()
    assert "liftline_collector_dead_letters_capped_total 0\n" in metrics


def test_unreadable_bodies_cost_their_key(tight_door: Any, good: Any) -> None:
    assert tight_door.post([good()] * 10).status == 200
    assert tight_door.post([good()] * 10).status == 200
    noisy = tight_door.post(b"noise")
    assert noisy.status == 429
    assert int(noisy.headers[b"retry-after"]) >= 1
    assert tight_door.letters == []


def test_a_fast_key_waits(tight_door: Any, good: Any) -> None:
    assert tight_door.post([good()] * 10).status == 200
    assert tight_door.post([good()] * 10).status == 200
    slowed = tight_door.post([good()] * 10)
    assert slowed.status == 429
    assert int(slowed.headers[b"retry-after"]) >= 1
    tight_door.clock.advance(timedelta(seconds=int(slowed.headers[b"retry-after"])))
    assert tight_door.post([good()] * 10).status == 200


def test_a_fast_address_waits_alone(tight_door: Any) -> None:
    statuses = [tight_door.request("POST", "/v1/events").status for _ in range(10)]
    assert statuses == [401] * 8 + [429] * 2
    assert tight_door.request("POST", "/v1/events", address="10.0.0.2").status == 401


def test_a_slow_body_is_cut(tight_door: Any) -> None:
    headers = {"authorization": f"Bearer {SERVER_KEY}"}
    sending = tight_door.send("POST", "/v1/events", [b"{", b"<never>"], headers, "10.0.0.1")
    reply = tight_door.loop.run_until_complete(asyncio.wait_for(sending, 5))
    assert (reply.status, reply.json["code"]) == (408, "body_too_slow")
