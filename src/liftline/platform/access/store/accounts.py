"""People: accounts, what they were granted, and the one-time links that set a password."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast, get_args

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from liftline.core.ids import Environment, ProjectId, environment, new_id, project_id
from liftline.platform.access import keytext
from liftline.platform.access.contracts import ApproverScope, Grant, Principal, Role
from liftline.platform.access.errors import (
    AccessMissingError,
    AccountExistsError,
    BadRequestError,
    LinkError,
)
from liftline.platform.access.rules import strongest
from liftline.platform.access.store.tables import account_grants, account_links, accounts

FIRST_EMAIL: Final = "admin@localhost"
LINK_LIFE: Final = timedelta(hours=24)
LINKS_MAX: Final = 20
GRANTS_MAX: Final = 50
LISTED_MAX: Final = 1000
_EVERY: Final = "*"
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountListing:
    """One account as admins see it."""

    account_id: str
    email: str
    grants: tuple[Grant, ...]
    scopes: tuple[ApproverScope, ...]
    has_password: bool
    is_disabled: bool
    created_at: datetime


def parse_email(text: str) -> str:
    """An address in lower case, as accounts are looked up by. Raises BadRequestError."""
    email = text.strip().lower()
    if not _EMAIL.match(email):
        raise BadRequestError("that is not an e-mail address")
    return email


def parse_grant(role: str, project: str | None, place: str | None) -> Grant:
    """A grant from words; None stands for every project or environment."""
    if role not in get_args(Role):
        raise BadRequestError(f"{role!r} is not a role", cure="use viewer, editor or admin")
    return Grant(
        role=cast(Role, role),
        project=project_id(project) if project else None,
        environment=environment(place) if place else None,
    )


def parse_scopes(words: Sequence[str]) -> tuple[ApproverScope, ...]:
    """Approver scopes from words."""
    for word in words:
        if word not in get_args(ApproverScope):
            raise BadRequestError(f"{word!r} is no approver's scope")
    return tuple(sorted(cast(set[ApproverScope], set(words))))


def create(
    connection: Connection,
    email: str,
    grants: Sequence[Grant],
    scopes: Sequence[ApproverScope],
    now: datetime,
) -> str:
    """A new account without a password; returns its id. Raises AccountExistsError."""
    if not 0 < len(grants) <= GRANTS_MAX:
        raise BadRequestError(f"an account has 1 to {GRANTS_MAX} grants")
    if connection.execute(select(accounts.c.email).where(accounts.c.email == email)).first():
        raise AccountExistsError(facts={"email": email})
    account_id = new_id("acc")
    connection.execute(
        insert(accounts).values(
            account_id=account_id,
            email=email,
            scopes=msgspec.json.encode(sorted(scopes)).decode(),
            is_disabled=False,
            created_at=now,
        )
    )
    places = {(g.project or _EVERY, g.environment or _EVERY): g.role for g in grants}
    for (project, place), role in places.items():
        connection.execute(
            insert(account_grants).values(
                account_id=account_id, project=project, environment=place, role=role
            )
        )
    return account_id


def make_link(connection: Connection, account_id: str, now: datetime) -> str:
    """A one-time token, valid for LINK_LIFE; earlier unused ones of the account end."""
    end_links(connection, account_id)
    return add_link(connection, account_id, now)


def end_links(connection: Connection, account_id: str, keep: int = 0) -> None:
    """End the unused links of an account, except for the newest `keep`."""
    unused = (account_links.c.account_id == account_id) & account_links.c.used_at.is_(None)
    newest = (
        select(account_links.c.token_sha256)
        .where(unused)
        .order_by(account_links.c.created_at.desc())
        .limit(keep)
    )
    connection.execute(
        delete(account_links).where(unused, account_links.c.token_sha256.not_in(newest))
    )


def add_link(connection: Connection, account_id: str, now: datetime) -> str:
    """A one-time token beside the LINKS_MAX - 1 newest of the account, valid for LINK_LIFE."""
    end_links(connection, account_id, keep=LINKS_MAX - 1)
    token = f"llt_{keytext.random_text(32)}"
    connection.execute(
        insert(account_links).values(
            token_sha256=keytext.digest(token),
            account_id=account_id,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    return token


def use_link(connection: Connection, token: str, now: datetime) -> str:
    """Spend a token; returns the account's id. One statement, so two uses cannot both win.

    Raises LinkError.
    """
    spent = connection.execute(
        update(account_links)
        .where(
            account_links.c.token_sha256 == keytext.digest(token),
            account_links.c.used_at.is_(None),
            account_links.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(account_links.c.account_id)
    ).scalar()
    if spent is None:
        raise LinkError()
    return str(spent)


def is_link_open(connection: Connection, token: str, now: datetime) -> bool:
    """Whether a token could be spent now: asked before the costly password hash."""
    link = connection.execute(
        select(account_links.c.expires_at).where(
            account_links.c.token_sha256 == keytext.digest(token), account_links.c.used_at.is_(None)
        )
    ).first()
    return link is not None and link.expires_at > now


def set_password(connection: Connection, account_id: str, password_hash: str) -> None:
    """Store a new password's hash."""
    connection.execute(
        update(accounts)
        .where(accounts.c.account_id == account_id)
        .values(password_hash=password_hash)
    )


def credentials(connection: Connection, email: str) -> tuple[str, str] | None:
    """Account id and password hash, of an account that may sign in."""
    row = connection.execute(
        select(accounts.c.account_id, accounts.c.password_hash).where(
            accounts.c.email == email,
            accounts.c.is_disabled.is_(False),
            accounts.c.password_hash.is_not(None),
        )
    ).first()
    return (row.account_id, row.password_hash) if row else None


def lock_password(connection: Connection, account_id: str) -> str | None:
    """The hash in force, which nobody else changes until this transaction ends."""
    # The row lock is for PostgreSQL; SQLite has one writer anyway.
    return connection.execute(
        select(accounts.c.password_hash)
        .where(accounts.c.account_id == account_id)
        .with_for_update()
    ).scalar()


def has_admin_with_password(connection: Connection) -> bool:
    """Whether someone can sign in already who may invite others."""
    found = connection.execute(
        select(accounts.c.account_id)
        .join(account_grants, account_grants.c.account_id == accounts.c.account_id)
        .where(
            account_grants.c.role == "admin",
            account_grants.c.project == _EVERY,
            account_grants.c.environment == _EVERY,
            accounts.c.password_hash.is_not(None),
            accounts.c.is_disabled.is_(False),
        )
        .limit(1)
    ).first()
    return found is not None


def account_id_of(connection: Connection, email: str) -> str | None:
    """The account with this address."""
    return connection.execute(
        select(accounts.c.account_id).where(accounts.c.email == email)
    ).scalar()


def principal(connection: Connection, account_id: str) -> Principal | None:
    """The person as the rules see them; None when the account is gone or disabled."""
    found = listing(connection, account_id)
    if not found or found[0].is_disabled:
        return None
    account = found[0]
    return Principal(
        kind="person",
        id=account.account_id,
        label=account.email,
        role=strongest(account.grants),
        scopes=frozenset(account.scopes),
        grants=account.grants,
    )


def listing(connection: Connection, account_id: str | None = None) -> list[AccountListing]:
    """Accounts by address; at most LISTED_MAX. With an id, that one."""
    query = select(accounts).order_by(accounts.c.email).limit(LISTED_MAX)
    granted = select(account_grants)
    if account_id is not None:
        query = query.where(accounts.c.account_id == account_id)
        granted = granted.where(account_grants.c.account_id == account_id)
    grants: dict[str, list[Grant]] = {}
    for row in connection.execute(granted).mappings():
        grants.setdefault(row["account_id"], []).append(_grant(row))
    return [
        AccountListing(
            account_id=row["account_id"],
            email=row["email"],
            grants=tuple(grants.get(row["account_id"], ())),
            scopes=msgspec.json.decode(row["scopes"], type=tuple[ApproverScope, ...]),
            has_password=row["password_hash"] is not None,
            is_disabled=row["is_disabled"],
            created_at=row["created_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def disable(connection: Connection, account_id: str, is_disabled: bool) -> None:
    """Lock an account out, or let it in again. Raises AccessMissingError."""
    changed = connection.execute(
        update(accounts).where(accounts.c.account_id == account_id).values(is_disabled=is_disabled)
    )
    if changed.rowcount != 1:
        raise AccessMissingError(f"there is no account {account_id!r}")


def _grant(row: RowMapping) -> Grant:
    return Grant(
        role=row["role"],
        project=None if row["project"] == _EVERY else ProjectId(row["project"]),
        environment=(
            None if row["environment"] == _EVERY else cast(Environment, row["environment"])
        ),
    )
