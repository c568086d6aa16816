"""`liftline secrets` and `liftline jobs`: thin words over the running app's API.

A secret's value comes from a file or standard input, never from the command line: that
would stand in the shell's history and in every list of processes.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import base64
import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from liftline.platform.access.cli import Data, Json, data_directory
from liftline.platform.access.client import ask
from liftline.platform.access.errors import BadRequestError

VALUE_BYTES_MAX: Final = 64 * 1024

From = Annotated[Path | None, Parameter(name="--from", help="File; standard input if absent.")]
Exact = Annotated[bool, Parameter(name="--exact", help="Keep a line break at the end.")]

secrets_app = App(name="secrets", help="Secrets: list, put, promote, retire, rotate-master.")
jobs_app = App(name="jobs", help="Timers and messages: dead, waiting, requeue.")


@secrets_app.command(name="list")
def list_secrets(*, json: Json = False, data: Data = None) -> None:
    """List secrets and their live versions; never a value."""
    found = ask(data_directory(data), "GET", "/api/secrets")["secrets"]
    if json:
        print(jsonlib.dumps(found))
        return
    for secret in found:
        live = ", ".join(f"{one['version']} {one['state']}" for one in secret["versions"])
        print(f"{secret['name']}  {live}")


@secrets_app.command(name="put")
def put(name: str, *, source: From = None, exact: Exact = False, data: Data = None) -> None:
    """Keep a value, read from standard input or a file, as the next version.

    Parameters
    ----------
    name: Lower case, such as "sentry.webhook".
    source: The file to read; standard input when left out.
    exact: Keep the line break that an editor or `echo` left at the end.
    """
    body = {"name": name, "value_base64": _base64(_read(source, is_exact=exact))}
    made = ask(data_directory(data), "POST", "/api/secrets", body)
    print(f"{made['name']} version {made['version']} is {made['state']}")


@secrets_app.command(name="promote")
def promote(name: str, *, data: Data = None) -> None:
    """The next version becomes active; the active one is erased."""
    ask(data_directory(data), "POST", "/api/secrets/promote", {"name": name})
    print(f"{name}: the next version is active")


@secrets_app.command(name="retire")
def retire(name: str, version: int, *, data: Data = None) -> None:
    """Take one version out of use and erase its value."""
    body = {"name": name, "version": version}
    ask(data_directory(data), "POST", "/api/secrets/retire", body)
    print(f"{name} version {version} is retired")


@secrets_app.command(name="rotate-master")
def rotate_master(
    *,
    outside: Annotated[
        bool, Parameter(name="--outside", help="The key is kept outside; read the new one.")
    ] = False,
    source: From = None,
    data: Data = None,
) -> None:
    """Wrap every secret with a new master key.

    With the key in the data directory nothing is to be given. With the key in the
    environment: --outside reads the new one in base64, and then the environment changes.
    """
    is_given = outside or source is not None
    text = _read(source, is_exact=False).decode("ascii", "replace") if is_given else None
    body = {"key_base64": text}
    made = ask(data_directory(data), "POST", "/api/secrets/master/rotate", body)
    print(f"master key {made['master_id']} is in force")
    if is_given:
        print("Set it where Liftline takes the key from, before the next start.")


@jobs_app.command(name="dead")
def dead(*, json: Json = False, data: Data = None) -> None:
    """List timers and messages that were given up."""
    _list(ask(data_directory(data), "GET", "/api/jobs/dead"), "due_at", json)


@jobs_app.command(name="waiting")
def waiting(*, json: Json = False, data: Data = None) -> None:
    """List timers and messages still to come, soonest first."""
    _list(ask(data_directory(data), "GET", "/api/jobs/waiting"), "next_at", json)


@jobs_app.command(name="requeue")
def requeue(what: Literal["timer", "message"], number: int, *, data: Data = None) -> None:
    """Try a dead letter again, with all its attempts.

    Parameters
    ----------
    what: timer or message, as `liftline jobs dead` calls it.
    number: Its number there.
    """
    ask(data_directory(data), "POST", "/api/jobs/requeue", {"what": what, "id": number})
    print(f"{what} {number} is tried again")


def _list(found: dict[str, Any], instant: str, json: bool) -> None:
    if json:
        print(jsonlib.dumps(found))
        return
    for what in ("timer", "message"):
        for one in found[f"{what}s"]:
            tried = f"tried {one['attempts']}" if one["attempts"] else ""
            print(
                f"{what} {one['id']}  {one['kind']}  {one[instant]}  {one['key']}  {tried}".rstrip()
            )
            if one["last_error"]:
                print(f"  {one['last_error']}")


def _read(source: Path | None, *, is_exact: bool) -> bytes:
    if source is None:
        value = sys.stdin.buffer.read(VALUE_BYTES_MAX + 2)
    else:
        try:
            with source.open("rb") as file:
                value = file.read(VALUE_BYTES_MAX + 2)
        except OSError as failed:
            raise BadRequestError(f"{source} cannot be read: {failed.strerror}") from failed
    return value if is_exact else value.removesuffix(b"\n").removesuffix(b"\r")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
