"""Goal: README's five minutes, typed word for word, do what README says they do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.running import Liftline, eventually

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"
CHAPTER = re.compile(r"^## Five minutes.*?(?=^## )", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = ("the key", "a good event", "a broken one", "a plan of yours", "a changed plan")
COMMAND_BOUND_S = 60
PLACE = {"project": "shop", "environment": "dev"}
REFUSED_EXIT = 4


@dataclass(frozen=True)
class Terminal:
    """The second terminal of README: one directory, and the variables typed so far."""

    directory: Path
    port: int

    def type(self, block: str) -> subprocess.CompletedProcess[str]:
        """Run a block as a person would, with the collector where the test has it."""
        kept = self.directory / "variables.sh"
        before = kept.read_text() if kept.exists() else ""
        after = f"code=$?; declare -p KEY NOW PATH > {kept}; exit $code"
        script = f"{before}\n{block.replace(':8401', f':{self.port}')}\n{after}"
        search = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.directory, env={**os.environ, "PATH": search}, text=True,
            capture_output=True, timeout=COMMAND_BOUND_S, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    chapter = CHAPTER.search(README.read_text("utf-8"))
    assert chapter is not None, "README has lost its five minutes"
    found = BLOCK.findall(chapter[0])
    assert len(found) == len(BLOCKS), "README's walk has other blocks than this test knows"
    return dict(zip(BLOCKS, found, strict=True))


@pytest.fixture(scope="module")
def liftline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liftline]:
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt-get install {program}")
    # The default data directory, so that README's commands find it without a word.
    with Liftline(tmp_path_factory.mktemp("walk") / "liftline-data") as started:
        started.sign_in()
        yield started


def test_the_five_minutes_of_readme(liftline: Liftline, blocks: dict[str, str]) -> None:
    """One test, for each step stands on the one before."""
    terminal = Terminal(liftline.data.parent, liftline.base + 1)
    pids = {record.name: record.pid for record in liftline.processes().values()}
    _send_one_of_each(terminal, liftline, blocks)
    _change_the_plan(terminal, liftline, blocks)
    assert pids == {record.name: record.pid for record in liftline.processes().values()}


def _send_one_of_each(terminal: Terminal, liftline: Liftline, blocks: dict[str, str]) -> None:
    key = terminal.type(blocks["the key"])
    assert (key.returncode, key.stderr) == (0, "")
    good = _receipt(terminal, blocks["a good event"], until_key_is_known=True)
    assert (good["accepted"], good["rejected"]) == (1, [])
    broken = _receipt(terminal, blocks["a broken one"])
    assert broken["accepted"] == 0
    (rejection,) = broken["rejected"]
    assert all(rejection[word] for word in ("code", "message", "cure"))
    assert "step_id" in rejection["message"] + rejection["cure"]

    def both_are_seen() -> bool:
        page = _ask(liftline, "/api/events/live")
        accepted = [event["message_id"] for event in page["accepted"]]
        rejected = [(each["message_id"], each["code"]) for each in page["rejected"]]
        return accepted == ["first-1"] and rejected == [("first-2", rejection["code"])]

    eventually(both_are_seen, "one accepted and one rejected on the live page")
    again = _receipt(terminal, blocks["a good event"])
    assert again["accepted"] == 1, "a retry is not an error"

    def the_duplicate_is_counted() -> bool:
        ledger = _ask(liftline, "/api/health")["ledger"]
        found = tuple(ledger[word] for word in ("accepted", "duplicate", "rejected"))
        return found == (1, 1, 1) and bool(ledger["is_balanced"])

    eventually(the_duplicate_is_counted, "data health counts the duplicate")


def _change_the_plan(terminal: Terminal, liftline: Liftline, blocks: dict[str, str]) -> None:
    applied = terminal.type(blocks["a plan of yours"])
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "report_exported" in applied.stdout
    curl = blocks["a good event"].partition("-d '")[0]

    def answer(properties: str) -> dict[str, Any]:
        body = f'{{"event": "report_exported", "user_id": "ada", "properties": {properties}}}'
        return _receipt(terminal, f"{curl}-d '{body}'")

    eventually(lambda: answer('{"format": "fax"}')["accepted"] == 0, "the new plan judges", 2.0)
    assert answer('{"format": "csv"}')["accepted"] == 1

    diff = terminal.type(blocks["a changed plan"])
    assert diff.returncode == REFUSED_EXIT, diff.stdout + diff.stderr
    assert "report_exported" in diff.stdout
    raised = terminal.type(
        "sed -i 's/^version: 1/version: 2/' changed-plan/report_exported.yml\n"
        "liftline tracking diff my-plan changed-plan && liftline tracking apply changed-plan"
    )
    assert raised.returncode == 0, raised.stdout + raised.stderr
    eventually(lambda: answer('{"format": "pdf"}')["accepted"] == 0, "pdf is gone", 2.0)


def _receipt(terminal: Terminal, block: str, *, until_key_is_known: bool = False) -> dict[str, Any]:
    """What curl printed. README promises a new key within two seconds; one retry is enough."""
    found: list[dict[str, Any]] = []

    def is_answered() -> bool:
        done = terminal.type(block)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
        return "accepted" in found[-1] or not until_key_is_known

    eventually(is_answered, f"an answer; the last was {found[-1:]}", 3.0)
    assert "accepted" in found[-1], found[-1]
    return found[-1]


def _ask(liftline: Liftline, path: str) -> dict[str, Any]:
    answer = liftline.http.get(path, params=PLACE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
