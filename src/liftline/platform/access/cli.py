"""`liftline keys` and `liftline accounts`: thin words over the running app's API."""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import json as jsonlib
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from liftline.platform.access.client import ask
from liftline.platform.access.errors import AccessMissingError
from liftline.platform.control.contracts import PROPAGATION_BOUND_S

Data = Annotated[
    Path | None, Parameter(name="--data", help="Data directory of the running Liftline.")
]
Json = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Place = Literal["dev", "staging", "prod"]

keys_app = App(name="keys", help="API keys: create, list, rotate, revoke.")
accounts_app = App(name="accounts", help="People: invite, list, new links, disable, enable.")


@keys_app.command(name="create")
def create_key(
    kind: Literal["public", "server", "ci", "admin"],
    project: str,
    environment: Place,
    name: str,
    *,
    origin: tuple[str, ...] = (),
    data: Data = None,
) -> None:
    """Make a key; its text is printed this once. Ends when every process takes it.

    Parameters
    ----------
    kind: public (browsers), server, ci, or admin.
    project: Whose events it sends.
    environment: dev, staging or prod.
    name: What it is for, such as "web shop".
    origin: Web origins a public key may be used from; repeatable.
    """
    body = {
        "kind": kind,
        "project": project,
        "environment": environment,
        "name": name,
        "origins": list(origin),
    }
    _show(ask(data_directory(data), "POST", "/api/keys", body))


@keys_app.command(name="list")
def list_keys(
    *, project: str = "", environment: str = "", json: Json = False, data: Data = None
) -> None:
    """List keys, revoked ones too; never their text."""
    query = f"?project={project}&environment={environment}"
    found = ask(data_directory(data), "GET", "/api/keys" + query)["keys"]
    if json:
        print(jsonlib.dumps(found))
        return
    for key in found:
        state = "revoked" if key["revoked_at"] else "live"
        place = f"{key['project']}/{key['environment']}"
        print(f"{key['key_id']}  {state:7}  {key['kind']:6}  {place:20}  {key['name']}")
        print(f"  slot {key['slot_id']}")


@keys_app.command(name="rotate")
def rotate_key(slot: str, *, data: Data = None) -> None:
    """Make a second key for a slot; revoke the first when nothing uses it any more."""
    _show(ask(data_directory(data), "POST", f"/api/keys/slots/{_word(slot)}/rotate"))


@keys_app.command(name="revoke")
def revoke_key(key: str, *, data: Data = None) -> None:
    """Take a key out of use, in force within two seconds."""
    ask(data_directory(data), "POST", f"/api/keys/{_word(key)}/revoke")
    print(f"{key} is revoked")


@accounts_app.command(name="invite")
def invite(
    email: str,
    *,
    role: Literal["viewer", "editor", "admin"] = "viewer",
    project: str | None = None,
    environment: Place | None = None,
    scope: tuple[Literal["po", "qa", "privacy", "security"], ...] = (),
    data: Data = None,
) -> None:
    """Make an account and print the one-time link that sets its password.

    Parameters
    ----------
    email: The address they sign in with.
    role: viewer, editor or admin.
    project: One project; every project when left out.
    environment: One environment; every environment when left out.
    scope: What they may approve; repeatable.
    """
    grant = {"role": role, "project": project, "environment": environment}
    body = {"email": email, "grants": [grant], "scopes": list(scope)}
    print(ask(data_directory(data), "POST", "/api/accounts", body)["link"])


@accounts_app.command(name="list")
def list_accounts(*, json: Json = False, data: Data = None) -> None:
    """List accounts and what they may."""
    found = ask(data_directory(data), "GET", "/api/accounts")["accounts"]
    if json:
        print(jsonlib.dumps(found))
        return
    for account in found:
        grants = ", ".join(_grant(grant) for grant in account["grants"])
        state = "disabled" if account["is_disabled"] else ""
        state = state or ("active" if account["has_password"] else "invited")
        print(f"{account['email']}  {state}  {grants}  {' '.join(account['scopes'])}".rstrip())


@accounts_app.command(name="link")
def link(email: str, *, data: Data = None) -> None:
    """Print a new one-time link for an account, such as after a lost password."""
    print(ask(data_directory(data), "POST", "/api/accounts/link", {"email": email})["link"])


@accounts_app.command(name="disable")
def disable(email: str, *, data: Data = None) -> None:
    """Lock an account out and end its sessions."""
    _set_disabled(data_directory(data), email, is_disabled=True)


@accounts_app.command(name="enable")
def enable(email: str, *, data: Data = None) -> None:
    """Let a disabled account in again, with the password it had."""
    _set_disabled(data_directory(data), email, is_disabled=False)


def _set_disabled(data: Path, email: str, *, is_disabled: bool) -> None:
    found = ask(data, "GET", "/api/accounts")["accounts"]
    ids = [account["account_id"] for account in found if account["email"] == email.strip().lower()]
    if not ids:
        raise AccessMissingError("there is no account with this address")
    body = {"is_disabled": is_disabled}
    ask(data, "POST", f"/api/accounts/{_word(ids[0])}/disable", body)
    print(f"{email} is {'disabled' if is_disabled else 'enabled'}")


def _show(minted: dict[str, Any]) -> None:
    """The key first: whoever interrupts the wait must not lose its only copy."""
    print(minted["key"], flush=True)
    if not minted["is_in_force"]:
        print("stored, but not yet in force: it is retried every second", file=sys.stderr)
        return
    # The next command of a script uses the key: it must not meet a door that does not know it.
    time.sleep(PROPAGATION_BOUND_S)


def data_directory(given: Path | None) -> Path:
    """Where the running Liftline keeps its data."""
    return given or Path(os.environ.get("LIFTLINE_DATA_DIR", "liftline-data"))


def _word(text: str) -> str:
    """An id in an address: letters, digits and _ only, so it cannot become another path."""
    return "".join(letter for letter in text if letter.isalnum() or letter == "_")


def _grant(grant: dict[str, Any]) -> str:
    return f"{grant['role']}@{grant['project'] or '*'}/{grant['environment'] or '*'}"
