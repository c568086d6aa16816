"""Goal: the master key is found in the stated order, private, and never made twice."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from liftline.platform.secrets import master
from liftline.platform.secrets.master import BadMasterKeyError, OpenMasterKeyError, load, write

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def test_a_first_start_makes_a_private_file(tmp_path: Path) -> None:
    made = load(tmp_path / "secrets", {})
    path = tmp_path / "secrets" / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert load(tmp_path / "secrets", {}).current.id == made.current.id


def test_the_environment_wins_over_a_named_file_over_the_directory(tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.write_text(KEY)
    named.chmod(0o600)
    both = {"LIFTLINE_MASTER_KEY": OTHER, "LIFTLINE_MASTER_KEY_FILE": str(named)}
    from_environment = load(tmp_path, both).current.id
    from_file = load(tmp_path, {"LIFTLINE_MASTER_KEY_FILE": str(named)}).current.id
    assert not (tmp_path / "master.key").exists()
    from_directory = load(tmp_path, {}).current.id
    assert len({from_environment, from_file, from_directory}) == 3


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load(tmp_path, {})
    (tmp_path / "master.key").chmod(0o644)
    with pytest.raises(OpenMasterKeyError):
        load(tmp_path, {})


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadMasterKeyError) as refused:
        load(tmp_path, {"LIFTLINE_MASTER_KEY": text})
    assert text not in str(refused.value)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "key", bytes(32))
    with pytest.raises(FileExistsError):
        write(tmp_path / "key", bytes(32))


def test_a_crash_while_writing_leaves_no_half_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            load(tmp_path, {})
    assert list(tmp_path.iterdir()) == []
    assert load(tmp_path, {}).current.id == load(tmp_path, {}).current.id


def test_who_comes_second_takes_the_key_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = master.write

    def race(path: Path, key: bytes) -> None:
        real(path, bytes(range(32)))
        real(path, key)

    monkeypatch.setattr(master, "write", race)
    expected = load(tmp_path / "other", {"LIFTLINE_MASTER_KEY": KEY}).current.id
    assert load(tmp_path, {}).current.id == expected


@pytest.mark.parametrize("content", [b"", b"half", b"\xff\xfe"])
def test_a_candidate_that_cannot_be_read_is_no_candidate(tmp_path: Path, content: bytes) -> None:
    made = load(tmp_path, {})
    following = tmp_path / "master.key.next"
    following.write_bytes(content)
    following.chmod(0o600)
    found = load(tmp_path, {})
    assert (found.current.id, found.candidate) == (made.current.id, None)
    assert following.exists(), "nothing that may be a key is deleted unread"
