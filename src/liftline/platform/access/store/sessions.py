"""Signed-in sessions, kept at the server; the browser holds a random token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from liftline.platform.access import keytext
from liftline.platform.access.store.tables import sessions

COOKIE: Final = "liftline_session"
IDLE_LIFE: Final = timedelta(hours=24)
ABSOLUTE_LIFE: Final = timedelta(days=14)
TOUCH_EVERY: Final = timedelta(minutes=1)
PER_ACCOUNT_MAX: Final = 20


def begin(connection: Connection, account_id: str, address: str, now: datetime) -> str:
    """A new session's token. Expired ones go, and the oldest beyond PER_ACCOUNT_MAX."""
    expired = (sessions.c.expires_at <= now) | (sessions.c.seen_at <= now - IDLE_LIFE)
    connection.execute(delete(sessions).where(expired))
    surplus = (
        select(sessions.c.token_sha256)
        .where(sessions.c.account_id == account_id)
        .order_by(sessions.c.seen_at.desc())
        .offset(PER_ACCOUNT_MAX - 1)
        .limit(PER_ACCOUNT_MAX)
    )
    connection.execute(delete(sessions).where(sessions.c.token_sha256.in_(surplus)))
    token = f"lls_{keytext.random_text(32)}"
    connection.execute(
        insert(sessions).values(
            token_sha256=keytext.digest(token),
            account_id=account_id,
            address=address[:64],
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE_LIFE,
        )
    )
    return token


def find(connection: Connection, token: str, now: datetime) -> tuple[str, bool] | None:
    """The account of a live session, and whether it is time to `touch` it."""
    row = connection.execute(
        select(sessions.c.account_id, sessions.c.seen_at, sessions.c.expires_at).where(
            sessions.c.token_sha256 == keytext.digest(token)
        )
    ).first()
    if row is None or now >= row.expires_at or now >= row.seen_at + IDLE_LIFE:
        return None
    return row.account_id, now - row.seen_at >= TOUCH_EVERY


def touch(connection: Connection, token: str, now: datetime) -> None:
    """The session is in use: its idle time begins anew."""
    connection.execute(
        update(sessions)
        .where(sessions.c.token_sha256 == keytext.digest(token), sessions.c.seen_at < now)
        .values(seen_at=now)
    )


def end(connection: Connection, token: str) -> str | None:
    """Sign out; returns whose session it was."""
    return connection.execute(
        delete(sessions)
        .where(sessions.c.token_sha256 == keytext.digest(token))
        .returning(sessions.c.account_id)
    ).scalar()


def end_all(connection: Connection, account_id: str) -> None:
    """Sign a person out everywhere, as after a new password."""
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
