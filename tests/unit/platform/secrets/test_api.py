"""Goal: two versions live through a rotation, changes are told, and a crash loses no secret."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from pathlib import Path

import pytest

from liftline.core.clock import ManualClock
from liftline.platform.secrets import master
from liftline.platform.secrets.api import (
    BadMasterKeyError,
    BadSecretError,
    NextExistsError,
    SealBrokenError,
    SecretMissingError,
    Secrets,
    hmac_sha256_matches,
    load_master_keys,
)
from liftline.platform.secrets.contracts import SecretChange, SecretValue
from liftline.platform.state.contracts import Connection, StateStore


@pytest.fixture
def secrets(store: StateStore, clock: ManualClock, tmp_path: Path) -> Secrets:
    return Secrets(store, load_master_keys(tmp_path / "secrets", {}), clock)


def reveal(secrets: Secrets, name: str) -> list[bytes]:
    return [value.reveal() for value in secrets.live(name)]


def test_a_rotation_keeps_two_live_and_forgets_the_old(secrets: Secrets) -> None:
    assert secrets.put("webhook", b"one").state == "active"
    assert secrets.put("webhook", b"two").state == "next"
    assert reveal(secrets, "webhook") == [b"one", b"two"]
    with pytest.raises(NextExistsError):
        secrets.put("webhook", b"three")
    secrets.promote("webhook")
    assert reveal(secrets, "webhook") == [b"two"]
    assert secrets.active("webhook").reveal() == b"two"
    assert secrets.put("webhook", b"three").version == 3
    assert secrets.names() == ["webhook"]


def test_a_next_version_can_be_taken_back(secrets: Secrets) -> None:
    secrets.put("webhook", b"one")
    made = secrets.put("webhook", b"wrong")
    secrets.retire("webhook", made.version)
    assert reveal(secrets, "webhook") == [b"one"]
    with pytest.raises(SecretMissingError):
        secrets.promote("webhook")
    with pytest.raises(SecretMissingError):
        secrets.retire("webhook", made.version)


def test_a_missing_secret_is_not_an_empty_one(secrets: Secrets) -> None:
    with pytest.raises(SecretMissingError):
        secrets.live("webhook")


@pytest.mark.parametrize(("name", "value"), [("Bad", b"x"), ("ok", b""), ("ok", b"x" * 70_000)])
def test_bad_names_and_values_are_refused(secrets: Secrets, name: str, value: bytes) -> None:
    with pytest.raises(BadSecretError):
        secrets.put(name, value)


def test_a_value_shows_itself_nowhere(secrets: Secrets) -> None:
    secrets.put("webhook", b"hush")
    value = secrets.active("webhook")
    assert "hush" not in f"{value} {value!r} {[value]}"
    with pytest.raises(TypeError):
        pickle.dumps(value)


def test_a_webhook_may_be_signed_with_either_live_version() -> None:
    live = [SecretValue(b"one"), SecretValue(b"two")]

    def signed(secret: bytes) -> str:
        return hmac.new(secret, b"body", hashlib.sha256).hexdigest()

    assert hmac_sha256_matches(live, b"body", signed(b"one"))
    assert hmac_sha256_matches(live, b"body", signed(b"two").upper())
    assert not hmac_sha256_matches(live, b"body", signed(b"three"))
    assert not hmac_sha256_matches(live, b"other", signed(b"one"))
    assert not hmac_sha256_matches(live, b"body", "")


def test_each_change_is_told_in_its_transaction(
    store: StateStore, clock: ManualClock, tmp_path: Path
) -> None:
    told: list[tuple[str, int]] = []

    def hear(connection: Connection, change: SecretChange) -> None:
        told.append((change.action, change.version))
        if change.action == "secret.retire":
            raise KeyError("the audit entry failed")

    secrets = Secrets(store, load_master_keys(tmp_path, {}), clock, hear)
    secrets.put("webhook", b"one")
    secrets.put("webhook", b"two")
    secrets.promote("webhook")
    with pytest.raises(KeyError):
        secrets.retire("webhook", 2)
    assert reveal(secrets, "webhook") == [b"two"]
    assert told == [
        ("secret.put", 1),
        ("secret.put", 2),
        ("secret.promote", 2),
        ("secret.retire", 2),
    ]


def test_rotating_the_master_key_keeps_every_secret(
    store: StateStore, clock: ManualClock, tmp_path: Path
) -> None:
    secrets = Secrets(store, load_master_keys(tmp_path, {}), clock)
    secrets.put("webhook", b"one")
    secrets.put("webhook", b"two")
    old = load_master_keys(tmp_path, {})
    fresh_id = secrets.rotate_master()
    assert reveal(secrets, "webhook") == [b"one", b"two"]
    again = load_master_keys(tmp_path, {})
    assert again.current.id == fresh_id
    assert reveal(Secrets(store, again, clock), "webhook") == [b"one", b"two"]
    with pytest.raises(SealBrokenError):
        Secrets(store, old, clock)


def test_a_crash_before_the_files_are_swapped_is_finished_at_start(
    store: StateStore, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = Secrets(store, load_master_keys(tmp_path, {}), clock)
    secrets.put("webhook", b"one")

    def crash(_self: Secrets, _path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Secrets, "_swap_files", crash)
        with pytest.raises(KeyboardInterrupt):
            secrets.rotate_master()
    restarted = Secrets(store, load_master_keys(tmp_path, {}), clock)
    assert reveal(restarted, "webhook") == [b"one"]
    assert not master.next_path(tmp_path / "master.key").exists()


def test_a_crash_before_the_database_changed_is_dropped_at_start(
    store: StateStore, clock: ManualClock, tmp_path: Path
) -> None:
    secrets = Secrets(store, load_master_keys(tmp_path, {}), clock)
    secrets.put("webhook", b"one")
    master.write(master.next_path(tmp_path / "master.key"), bytes(32))
    restarted = Secrets(store, load_master_keys(tmp_path, {}), clock)
    assert reveal(restarted, "webhook") == [b"one"]
    assert not master.next_path(tmp_path / "master.key").exists()


def test_a_key_kept_outside_is_rotated_with_the_one_given(
    store: StateStore, clock: ManualClock, tmp_path: Path
) -> None:
    outside = {"LIFTLINE_MASTER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    secrets = Secrets(store, load_master_keys(tmp_path, outside), clock)
    secrets.put("webhook", b"one")
    with pytest.raises(BadMasterKeyError):
        secrets.rotate_master()
    secrets.rotate_master(bytes(range(32)))
    assert reveal(secrets, "webhook") == [b"one"]
