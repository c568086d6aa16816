"""Goal: a key ring finds exactly the live key that a text is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from liftline.platform.access import keytext
from liftline.platform.access.contracts import KeyRecord, KeyRing, KeySnapshot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = keytext.mint("server", "abc")
RECORD = KeyRecord(
    key_id="abc",
    secret_sha256=keytext.digest(TEXT),
    kind="server",
    project="shop",
    environment="dev",
    source_id="src_1",
    expires_at=NOW + timedelta(hours=1),
)


def ring(*records: KeyRecord) -> KeyRing:
    return KeyRing.decode(msgspec.json.encode(KeySnapshot(keys=records)))


def test_a_live_key_is_found() -> None:
    assert ring(RECORD).find(TEXT, NOW) == RECORD
    assert len(ring(RECORD)) == 1


def test_an_expired_key_is_not() -> None:
    assert ring(RECORD).find(TEXT, NOW + timedelta(hours=1)) is None
    assert ring(RECORD).find(TEXT, NOW + timedelta(minutes=59)) == RECORD


def test_a_revoked_key_is_not_in_the_ring() -> None:
    assert ring().find(TEXT, NOW) is None


def test_the_right_id_with_another_secret_is_nobody() -> None:
    assert ring(RECORD).find(keytext.mint("server", "abc"), NOW) is None


@pytest.mark.parametrize("kind", ["public", "ci", "admin"])
def test_a_text_of_another_kind_is_nobody(kind: str) -> None:
    """Even if someone brought the digest of such a text into the snapshot."""
    forged = keytext.mint(kind, "abc")
    record = msgspec.structs.replace(RECORD, secret_sha256=keytext.digest(forged))
    assert ring(record).find(forged, NOW) is None


def test_a_snapshot_that_is_none_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        KeyRing.decode(b"{")
