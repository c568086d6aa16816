"""What holds for every test: no network beyond this machine, no settings from outside,
and with CI=true no skip that nobody listed."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import hypothesis
import pytest

LISTED_SKIPS = Path(__file__).with_name("listed_skips.txt")
pytest_plugins = ["pytester"]

hypothesis.settings.register_profile("check", max_examples=25, deadline=None)
"""For `make check`: laws are tried on few cases at each commit and on all by `make test`."""

KEPT_SETTINGS = ("LIFTLINE_SOAK",)


@dataclass(slots=True)
class SkipLedger:
    """The skips of a run, and those of them that no line of the list allows."""

    patterns: tuple[tuple[str, str], ...]
    unlisted: list[str] = field(default_factory=list)

    def note(self, test: str, reason: str) -> None:
        allowed = any(
            fnmatchcase(test, test_pattern) and fnmatchcase(reason, reason_pattern)
            for test_pattern, reason_pattern in self.patterns
        )
        if not allowed:
            self.unlisted.append(f"{test}: {reason}")


def read_listed_skips(text: str) -> tuple[tuple[str, str], ...]:
    """Lines of `test pattern | reason pattern`; `#` starts a comment."""
    lines = [line.split("#", maxsplit=1)[0].strip() for line in text.splitlines()]
    parts = [line.partition("|") for line in lines if line]
    return tuple((test.strip(), reason.strip() or "*") for test, _, reason in parts)


def is_loopback(address: Any) -> bool:
    """Unix sockets, this machine's names and its loopback addresses."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified


class NetworkError(RuntimeError):
    """A test reached for the network."""


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("LIFTLINE_")]:
        if name not in KEPT_SETTINGS:
            del os.environ[name]
    text = LISTED_SKIPS.read_text() if LISTED_SKIPS.exists() else ""
    config.pluginmanager.register(SkipWatch(SkipLedger(read_listed_skips(text))), "skip-watch")


class SkipWatch:
    """With CI=true, turns a green run with an unlisted skip red."""

    def __init__(self, ledger: SkipLedger) -> None:
        self.ledger = ledger

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.ledger.note(report.nodeid, str(reason).removeprefix("Skipped: "))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_ci = os.environ.get("CI") == "true" and not hasattr(session.config, "workerinput")
        if is_ci and self.ledger.unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.ledger.unlisted and os.environ.get("CI") == "true":
            terminalreporter.section("skips that tests/listed_skips.txt does not list")
            for line in self.ledger.unlisted:
                terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Connections leave for loopback and Unix sockets only."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not is_loopback(address):
            raise NetworkError(f"a test tried to connect to {address}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not is_loopback(address):
            raise NetworkError(f"a test tried to connect to {address}")
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield
