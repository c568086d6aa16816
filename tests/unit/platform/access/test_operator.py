"""Goal: the operator's key opens the app from this machine alone, and lies in a private file."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.platform.access import operator
from liftline.platform.access.api import Access, allow
from liftline.platform.access.operator import NotRunningError, OperatorKey
from liftline.platform.state.contracts import StateStore


@pytest.fixture
def store(sqlite_store: StateStore) -> StateStore:
    """The engine makes no difference here."""
    return sqlite_store


def test_the_file_is_private_and_read_back(tmp_path: Path) -> None:
    key = OperatorKey()
    path = key.write(tmp_path, "http://127.0.0.1:8400")
    key.write(tmp_path, "http://127.0.0.1:8400")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["operator.json"]
    found = operator.read(tmp_path)
    assert found.url == "http://127.0.0.1:8400"
    assert found.key not in repr(found)
    assert key.principal(found.key, "127.0.0.1") is not None


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("192.168.1.5", True),
        ("192.168.1.6", False),
        ("testclient", False),
        ("", False),
    ],
)
def test_it_is_taken_from_this_machine_alone(tmp_path: Path, address: str, is_here: bool) -> None:
    key = OperatorKey()
    key.write(tmp_path, "http://192.168.1.5:8400")
    text = operator.read(tmp_path).key
    assert (key.principal(text, address) is not None) is is_here


def test_it_may_what_an_admin_may_everywhere_and_approve_nothing(
    access: Access, tmp_path: Path
) -> None:
    access.open_for_command_line(tmp_path, "http://127.0.0.1:8400")
    header = f"Bearer {operator.read(tmp_path).key}"
    principal = access.authenticate(None, header, "127.0.0.1")
    assert allow(principal, "accounts.change")
    assert not allow(principal, "approve.qa")
    assert access.authenticate(None, header, "10.0.0.9") is None
    assert access.keys.listing() == []


def test_another_start_has_another_key(tmp_path: Path) -> None:
    first, second = OperatorKey(), OperatorKey()
    first.write(tmp_path, "http://127.0.0.1:8400")
    assert second.principal(operator.read(tmp_path).key, "127.0.0.1") is None


@pytest.mark.parametrize("content", [None, b"", b"{", b"{}"])
def test_no_usable_file_means_not_running(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "operator.json").write_bytes(content)
    with pytest.raises(NotRunningError):
        operator.read(tmp_path)
