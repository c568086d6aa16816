"""Goal: an operator keeps secrets and revives dead work by command; no value stands in one."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App
from sqlalchemy import insert

from liftline.core.clock import Clock
from liftline.core.errors import InvalidError, NotFoundError
from liftline.platform.access.operations.cli import jobs_app, secrets_app
from liftline.platform.audit.api import recent
from liftline.platform.jobs.store.tables import outbox, timers
from liftline.platform.secrets.api import Secrets
from liftline.platform.state.contracts import StateStore

VALUE = b"s3cret-of-the-sender"


@pytest.fixture
def store(whole_app: Any) -> StateStore:
    """The running app's own."""
    found: StateStore = whole_app.wiring.provide(StateStore)
    return found


def say(app: App, words: list[str], whole_app: Any, capsys: pytest.CaptureFixture[str]) -> str:
    words = [*words, "--data", str(whole_app.data)]
    app(words, exit_on_error=False, result_action="return_value")
    return capsys.readouterr().out.strip()


def type_in(monkeypatch: pytest.MonkeyPatch, value: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(value)))


def test_a_secret_s_life(
    whole_app: Any,
    store: StateStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets: Secrets = whole_app.wiring.provide(Secrets)
    type_in(monkeypatch, VALUE + b"\n")
    assert say(secrets_app, ["put", "a.hook"], whole_app, capsys) == "a.hook version 1 is active"
    assert secrets.active("a.hook").reveal() == VALUE
    file = tmp_path / "value"
    file.write_bytes(b"next\n")
    put = ["put", "a.hook", "--from", str(file), "--exact"]
    assert say(secrets_app, put, whole_app, capsys) == "a.hook version 2 is next"
    listed = say(secrets_app, ["list"], whole_app, capsys)
    assert listed == "a.hook  1 active, 2 next"
    say(secrets_app, ["promote", "a.hook"], whole_app, capsys)
    assert secrets.active("a.hook").reveal() == b"next\n"
    before = (whole_app.data / "secrets" / "master.key").read_bytes()
    assert "in force" in say(secrets_app, ["rotate-master"], whole_app, capsys)
    assert (whole_app.data / "secrets" / "master.key").read_bytes() != before
    assert secrets.active("a.hook").reveal() == b"next\n"
    say(secrets_app, ["retire", "a.hook", "2"], whole_app, capsys)
    assert json.loads(say(secrets_app, ["list", "--json"], whole_app, capsys)) == []
    with store.read() as connection:
        entries = [entry for entry in recent(connection) if entry.action.startswith("secret.")]
    actions = [entry.action.removeprefix("secret.") for entry in entries]
    assert actions == ["retire", "rewrap", "promote", "put", "put"]
    assert {entry.actor for entry in entries} == {"key:operator"}
    hidden = (VALUE.decode(), base64.b64encode(VALUE).decode())
    assert not any(value in str(entries) for value in hidden)


def test_what_cannot_be_kept_is_refused(
    whole_app: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("Bad Name", b"x"), ("empty", b""), ("long", b"x" * 65_537)):
        type_in(monkeypatch, value)
        with pytest.raises(InvalidError):
            say(secrets_app, ["put", name], whole_app, capsys)
    with pytest.raises(InvalidError):
        say(secrets_app, ["put", "gone", "--from", str(tmp_path / "gone")], whole_app, capsys)
    type_in(monkeypatch, base64.b64encode(b"short"))
    with pytest.raises(InvalidError):
        say(secrets_app, ["rotate-master", "--outside"], whole_app, capsys)
    with pytest.raises(NotFoundError):
        say(secrets_app, ["promote", "nothing"], whole_app, capsys)


def test_dead_work_is_listed_and_tried_again(
    whole_app: Any, store: StateStore, capsys: pytest.CaptureFixture[str]
) -> None:
    now = whole_app.wiring.provide(Clock).now()
    shared = {"state": "dead", "next_at": now, "attempts": 8, "created_at": now}
    dead_timer = {"key": "t", "kind": "unheard of", "payload": "{}", "due_at": now}
    dead_message = {
        "destination": "nowhere",
        "body": b"",
        "body_sha256": "",
        "idempotency_key": "m",
    }
    with store.write() as connection:
        row = insert(timers).values(dead_timer | shared | {"last_error": "ValueError: no"})
        timer_id = connection.execute(row.returning(timers.c.id)).scalar_one()
        row = insert(outbox).values(dead_message | shared | {"idempotency_key": "m"})
        message_id = connection.execute(row.returning(outbox.c.id)).scalar_one()
    listed = say(jobs_app, ["dead"], whole_app, capsys)
    assert f"timer {timer_id}  unheard of" in listed
    assert "ValueError: no" in listed
    assert f"message {message_id}  nowhere" in listed
    say(jobs_app, ["requeue", "timer", str(timer_id)], whole_app, capsys)
    say(jobs_app, ["requeue", "message", str(message_id)], whole_app, capsys)
    waiting = json.loads(say(jobs_app, ["waiting", "--json"], whole_app, capsys))
    assert "t" in [one["key"] for one in waiting["timers"]]
    left = json.loads(say(jobs_app, ["dead", "--json"], whole_app, capsys))
    assert left["timers"] == []
    with pytest.raises(NotFoundError):
        say(jobs_app, ["requeue", "timer", str(timer_id)], whole_app, capsys)
    with store.read() as connection:
        subjects = [e.subject for e in recent(connection) if e.action == "job.requeue"]
    assert subjects == [f"message:{message_id}", f"timer:{timer_id}"]
