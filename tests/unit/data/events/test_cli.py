"""Goal: the words of `liftline tracking` do what they say, and exit as scripts expect."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liftline.data.events.api import AppliedPlan, InvalidPlanError, shipped_plan
from liftline.data.events.cli import NoAppError, app
from liftline.data.events.contracts import PLAN_APPLIER, PLAN_DIRECTORIES
from liftline.data.events.revisions import NoSuchRevisionError

Write = Callable[..., Path]
Output = pytest.CaptureFixture[str]


def run(*words: str | Path) -> int:
    """The exit code of `liftline tracking ...`; 0 when the command just returns."""
    try:
        app([str(word) for word in words], result_action="return_value")
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


class RecordingApplier:
    """Stands for the running app: keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Path | None, bool]] = []

    def apply(self, directory: Path | None, *, allow_breaking: bool) -> AppliedPlan:
        is_first = not self.asked
        self.asked.append((directory, allow_breaking))
        changes = ("+ a: new event",) if is_first else ()
        return AppliedPlan(
            version=3, digest="sha256:0", events=30, changes=changes, is_changed=is_first
        )


@pytest.fixture
def applier() -> Iterator[RecordingApplier]:
    found = RecordingApplier()
    token = PLAN_APPLIER.set(lambda: found)
    yield found
    PLAN_APPLIER.reset(token)


def test_check_takes_the_shipped_plan_and_yours(plan_file: Write, capsys: Output) -> None:
    assert run("check", plan_file().parent) == 0
    assert capsys.readouterr().out.startswith("30 events in ")
    assert run("check", "--alone", plan_file().parent) == 0
    assert capsys.readouterr().out.startswith("1 events in ")


def test_check_says_where_and_what_to_do(plan_file: Write, capsys: Output) -> None:
    path = plan_file(("    pii: none\n", ""))
    assert run("check", path.parent) == 2
    out = capsys.readouterr().out
    assert f"{path}:9: error: the property report_id does not say how personal it is" in out
    assert "cure: add `pii: none`" in out
    assert run("check", path.parent, "--json") == 2
    assert json.loads(capsys.readouterr().out)["findings"][0]["line"] == 9


def test_check_fails_on_warnings_only_when_strict(plan_file: Write, capsys: Output) -> None:
    path = plan_file(("    max_length: 50\n", ""))
    assert run("check", path.parent) == 0
    assert run("check", "--strict", path.parent) == 2
    assert "warning" in capsys.readouterr().out


def test_check_without_directories_takes_the_plan_in_use(plan_file: Write, capsys: Output) -> None:
    directories = [shipped_plan(), plan_file().parent]
    token = PLAN_DIRECTORIES.set(lambda: directories)
    try:
        assert run("check") == 0
    finally:
        PLAN_DIRECTORIES.reset(token)
    assert capsys.readouterr().out.startswith("30 events in ")


def test_build_writes_and_lists(tmp_path: Path, capsys: Output) -> None:
    assert run("build", "--out", tmp_path / "made", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["events"] == 29
    assert all((tmp_path / "made" / name).is_file() for name in listed["files"])


def test_build_refuses_a_broken_plan(plan_file: Write, tmp_path: Path) -> None:
    path = plan_file(("version: 1", "version: 0"))
    with pytest.raises(InvalidPlanError):
        run("build", path.parent, "--out", tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_diff_of_directories(plan_file: Write, capsys: Output) -> None:
    old = plan_file().parent
    kinder = plan_file(("    required: true\n", ""), ("  - {}\n", "  - {x: 1}\n"), at="b").parent
    assert run("diff", old, old) == 0
    assert capsys.readouterr().out == "Nothing differs.\n"
    assert run("diff", old, kinder) == 0
    assert "~ report_shared: report_id: optional now" in capsys.readouterr().out
    assert run("diff", kinder, old) == 4
    out = capsys.readouterr().out
    assert "~ report_shared: report_id: required now (breaking) - not covered" in out
    assert "version" in out
    assert run("diff", kinder, old, "--json") == 4
    assert json.loads(capsys.readouterr().out)["refused"] == 1
    raised = plan_file(("version: 1", "version: 2"), at="c").parent
    assert run("diff", kinder, raised) == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt-get install git")
def test_diff_against_a_revision(plan_file: Write, capsys: Output) -> None:
    path = plan_file()
    repository = path.parents[1]
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(repository), *words], check=True, timeout=30)
    plan_file(("[public, server]", "[server]"))
    assert run("diff", "HEAD", path.parent) == 4
    assert "- report_shared: sender public may no longer send it" in capsys.readouterr().out
    for nowhere in ("no-such-branch", "--upload-pack=x"):
        with pytest.raises(NoSuchRevisionError):
            run("diff", "--", nowhere, path.parent)
    empty = repository / "empty"
    empty.mkdir()
    with pytest.raises(NoSuchRevisionError):
        run("diff", "HEAD", empty)


def test_apply_asks_the_running_app(
    applier: RecordingApplier, tmp_path: Path, capsys: Output
) -> None:
    assert run("apply", tmp_path, "--allow-breaking") == 0
    assert capsys.readouterr().out == (
        "+ a: new event\nPlan version 3 with 30 events is in force.\n"
    )
    assert run("apply") == 0
    assert capsys.readouterr().out == "Nothing differs: plan version 3 stays in force.\n"
    assert run("apply", "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] == 3
    assert applier.asked == [(tmp_path.resolve(), True), (None, False), (None, False)]


def test_apply_without_a_running_app_says_so() -> None:
    with pytest.raises(NoAppError, match="no running Liftline"):
        run("apply")
