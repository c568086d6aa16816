"""`liftline doctor`: what would keep Liftline from running well here, each with its cure."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import msgspec

from liftline.app.paths import Layout, shipped
from liftline.app.ports import why_not_bindable
from liftline.app.records import ProcessRecord, read_records
from liftline.app.settings import Settings
from liftline.core.units import size_text

Outcome = Literal["ok", "warn", "fail"]

DISK_WARN_BYTES: Final = 5 * 1024**3
DISK_FAIL_BYTES: Final = 512 * 1024**2
FSYNC_WARN_MS: Final = 20.0
FSYNC_SAMPLES: Final = 20
CLOCK_FLOOR: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""This version was made after this instant, so an earlier clock is wrong."""
WAL_RESET_FIXED: Final = (3, 51, 3)
OUTCOME_MARK: Final = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's outcome: what was seen and, when it is not ok, what to do."""

    check: str
    outcome: Outcome
    seen: str
    cure: str = ""


def examine(settings: Settings, *, as_json: bool) -> int:
    """Run every check and print the findings. Returns 0, or 1 when one failed."""
    layout = Layout(settings.data_dir.absolute())
    checks: tuple[Callable[[], Finding], ...] = (
        python_version,
        lambda: folder_permissions(layout),
        lambda: disk_space(layout),
        lambda: disk_sync(layout),
        clock,
        sqlite,
        lambda: port(settings.host, settings.app_port, "app", layout),
        lambda: port(settings.host, settings.collector_port, "collector", layout),
        lambda: exposure(settings),
        dbt,
        pages,
    )
    findings = [check() for check in checks]
    if as_json:
        _print(msgspec.json.encode([asdict(finding) for finding in findings]).decode())
    else:
        for finding in findings:
            _print(f"{OUTCOME_MARK[finding.outcome]}  {finding.check:<12} {finding.seen}")
            if finding.cure:
                _print(f"      cure: {finding.cure}")
    return 1 if any(finding.outcome == "fail" for finding in findings) else 0


def python_version() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    outcome: Outcome = "ok" if sys.platform == "linux" else "warn"
    cure = "" if outcome == "ok" else "run on Linux; other systems lack fdatasync (best effort)"
    return Finding(
        check="python", outcome=outcome, seen=f"Python {found} on {sys.platform}", cure=cure
    )


def folder_permissions(layout: Layout) -> Finding:
    folder = _existing(layout.root)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            check="permissions", outcome="fail", seen=f"{folder} cannot be written",
            cure=f"run `chown {os.getuid()} {folder}`, or choose another with --data",
        )  # fmt: skip
    if folder == layout.root and folder.stat().st_mode & 0o077:
        return Finding(
            check="permissions", outcome="warn", seen=f"{folder} can be read by other users",
            cure=f"run `chmod 700 {folder}`",
        )  # fmt: skip
    return Finding(check="permissions", outcome="ok", seen=f"{layout.root} is ours")


def disk_space(layout: Layout) -> Finding:
    free = shutil.disk_usage(_existing(layout.root)).free
    seen = f"{size_text(free)} free"
    if free < DISK_FAIL_BYTES:
        return Finding(check="disk", outcome="fail", seen=seen, cure="free at least 5 GiB")
    if free < DISK_WARN_BYTES:
        return Finding(check="disk", outcome="warn", seen=seen, cure="free at least 5 GiB")
    return Finding(check="disk", outcome="ok", seen=seen)


def disk_sync(layout: Layout) -> Finding:
    """Every acknowledged event waits for one of these, so a slow one is felt."""
    probe = _existing(layout.root) / f".liftline-doctor-{os.getpid()}"
    times = []
    try:
        with probe.open("wb", buffering=0) as file:
            for _ in range(FSYNC_SAMPLES):
                file.write(b"x" * 4096)
                started = time.perf_counter()
                os.fdatasync(file.fileno())
                times.append((time.perf_counter() - started) * 1000)
    except OSError as error:
        return Finding(
            check="sync", outcome="fail", seen=f"cannot sync: {error.strerror}",
            cure="use a local disk; some network file systems cannot promise durability",
        )  # fmt: skip
    finally:
        probe.unlink(missing_ok=True)
    median = sorted(times)[len(times) // 2]
    slow = median > FSYNC_WARN_MS
    return Finding(
        check="sync",
        outcome="warn" if slow else "ok",
        seen=f"fdatasync takes {median:.2f} ms",
        cure="put the data directory on a faster disk" if slow else "",
    )


def clock() -> Finding:
    now = datetime.now(UTC)
    seen = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < CLOCK_FLOOR:
        return Finding(check="clock", outcome="fail", seen=seen, cure="set the clock, run NTP")
    return Finding(check="clock", outcome="ok", seen=seen)


def sqlite() -> Finding:
    version = tuple(map(int, sqlite3.sqlite_version.split(".")))
    seen = f"SQLite {sqlite3.sqlite_version}"
    if version < (3, 35):
        return Finding(
            check="sqlite", outcome="fail", seen=f"{seen} lacks RETURNING",
            cure="use a Python whose SQLite is 3.35 or later",
        )  # fmt: skip
    if version < WAL_RESET_FIXED:
        seen += " (WAL-reset defect: contained by our single writer connection)"
    return Finding(check="sqlite", outcome="ok", seen=seen)


def port(host: str, number: int, process: str, layout: Layout) -> Finding:
    check = f"port {number}"
    if any(r.name == process and r.pid is not None for r in _live(layout)):
        return Finding(check=check, outcome="ok", seen=f"our own {process} listens there")
    problem = why_not_bindable(host, number)
    if problem:
        return Finding(
            check=check, outcome="fail", seen=problem,
            cure=f"stop that program (`ss -ltnp 'sport = :{number}'`), or set "
            f"LIFTLINE_{process.upper()}_PORT",
        )  # fmt: skip
    return Finding(check=check, outcome="ok", seen=f"free for the {process}")


def exposure(settings: Settings) -> Finding:
    is_loopback = settings.host in ("127.0.0.1", "::1", "localhost")
    if is_loopback:
        return Finding(check="exposure", outcome="ok", seen="listens on loopback only")
    if (settings.public_url or "").startswith("https://"):
        return Finding(check="exposure", outcome="ok", seen=f"{settings.host} behind HTTPS")
    return Finding(
        check="exposure", outcome="warn", seen=f"listens on {settings.host} without HTTPS",
        cure="put a TLS proxy in front and set public_url to its https:// address",
    )  # fmt: skip


def dbt() -> Finding:
    lock = shipped("requirements/lock.txt")
    cure = f"run `uv pip install --no-deps --require-hashes -r {lock}`"
    if importlib.util.find_spec("dbt") is None:
        return Finding(check="dbt", outcome="fail", seen="dbt is not installed", cure=cure)
    try:
        versions = {name: metadata.version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")}
    except metadata.PackageNotFoundError as error:
        return Finding(check="dbt", outcome="fail", seen=f"{error.name} is missing", cure=cure)
    return Finding(
        check="dbt", outcome="ok", seen=", ".join(f"{n} {v}" for n, v in versions.items())
    )


def pages() -> Finding:
    if (shipped("ui/dist") / "index.html").is_file():
        return Finding(check="pages", outcome="ok", seen="the web pages are built")
    return Finding(
        check="pages", outcome="warn", seen="the web pages are not built", cure="run `make ui`"
    )


def _live(layout: Layout) -> list[ProcessRecord]:
    """Our processes that are alive; a stale file from before a power cut names dead ones."""
    records = read_records(layout)
    return [r for r in records if r.pid is not None and Path(f"/proc/{r.pid}").exists()]


def _existing(path: Path) -> Path:
    """The nearest folder that exists: the data directory may not be there yet."""
    while not path.exists():
        path = path.parent
    return path


def _print(text: str) -> None:
    print(text)  # noqa: T201 - a command's output
