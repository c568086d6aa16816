"""People as the app handles them: inviting, signing in and out, who a cookie is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import Counter

from liftline.core.clock import Clock
from liftline.core.errors import UnavailableError
from liftline.platform.access.attempts import Attempts, TooManyAttemptsError
from liftline.platform.access.contracts import ApproverScope, Grant, Principal
from liftline.platform.access.errors import AccessMissingError, LinkError, LoginFailedError
from liftline.platform.access.keybook import UNNOTED
from liftline.platform.access.passwords import Passwords, SignInBusyError
from liftline.platform.access.store import accounts, sessions
from liftline.platform.access.store.accounts import AccountListing
from liftline.platform.audit.api import Change, record
from liftline.platform.state.contracts import StateStore

_log = logging.getLogger(__name__)
LINK_PAGE: Final = "/accept#token="
"""The token stands behind the #: browsers send it to nobody, and no log has it."""

TOUCH_PAUSE_S: Final = 15.0

SIGN_INS: Final = Counter("liftline_access_sign_ins", "Sign-ins by outcome.", ["outcome"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session: its token for the cookie, and who it is."""

    token: str
    principal: Principal

    def __repr__(self) -> str:
        return f"SignedIn(principal={self.principal.label!r}, token=***)"


class People:
    """Accounts and sessions. Safe from many threads."""

    def __init__(self, store: StateStore, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._attempts = Attempts(clock)
        self._touch_again_s = 0.0

    def first_link(self, base_url: str) -> str | None:
        """A one-time link for the first admin; None once an admin has a password.

        Earlier ones go on until one is used or they expire: what was printed works, however
        often the app was restarted. None too when that account is disabled: its links open
        nothing, and an operator enables it (`liftline accounts enable`).
        """
        now = self._clock.now()
        with self._store.write() as connection:
            if accounts.has_admin_with_password(connection):
                return None
            account_id = accounts.account_id_of(connection, accounts.FIRST_EMAIL)
            if account_id is None:
                account_id = accounts.create(
                    connection, accounts.FIRST_EMAIL, [Grant(role="admin")], (), now
                )
            if accounts.principal(connection, account_id) is None:
                _log.warning("no admin can sign in: enable one with `liftline accounts enable`")
                return None
            token = accounts.add_link(connection, account_id, now)
            record(connection, _change("system", "account.link", account_id, now))
        return base_url.rstrip("/") + LINK_PAGE + token

    def invite(
        self,
        actor: str,
        email: str,
        grants: Sequence[Grant],
        scopes: Sequence[ApproverScope],
        base_url: str,
    ) -> str:
        """A new account; returns the link that lets its owner set a password."""
        now = self._clock.now()
        with self._store.write() as connection:
            account_id = accounts.create(
                connection, accounts.parse_email(email), grants, scopes, now
            )
            token = accounts.make_link(connection, account_id, now)
            after: dict[str, Sequence[str]] = {
                "grants": [f"{g.role}@{g.project or '*'}/{g.environment or '*'}" for g in grants],
                "scopes": list(scopes),
            }
            change = Change(
                actor=actor,
                action="account.invite",
                subject=f"account:{account_id}",
                after=after,
                at=now,
            )
            record(connection, change)
        return base_url.rstrip("/") + LINK_PAGE + token

    def link(self, actor: str, email: str, base_url: str) -> str:
        """A new one-time link for an account, such as after a lost password."""
        now = self._clock.now()
        with self._store.write() as connection:
            account_id = accounts.account_id_of(connection, accounts.parse_email(email))
            if account_id is None:
                raise AccessMissingError("there is no account with this address")
            token = accounts.make_link(connection, account_id, now)
            record(connection, _change(actor, "account.link", account_id, now))
        return base_url.rstrip("/") + LINK_PAGE + token

    def disable(self, actor: str, account_id: str, is_disabled: bool) -> None:
        """Lock an account out and end its sessions, or let it in again."""
        now = self._clock.now()
        with self._store.write() as connection:
            accounts.disable(connection, account_id, is_disabled)
            if is_disabled:
                sessions.end_all(connection, account_id)
            action = "account.disable" if is_disabled else "account.enable"
            record(connection, _change(actor, action, account_id, now))

    def accept(self, token: str, password: str, address: str) -> SignedIn:
        """Spend a link: set the password, end the account's other sessions, sign in.

        Raises LinkError, WeakPasswordError.
        """
        now = self._clock.now()
        with self._store.read() as connection:
            if not accounts.is_link_open(connection, token, now):
                raise LinkError()
        # Hashing takes 50 ms: outside the transaction, and only for a link that is open.
        password_hash = self._passwords.hash(password)
        with self._store.write() as connection:
            account_id = accounts.use_link(connection, token, now)
            accounts.end_links(connection, account_id)
            accounts.set_password(connection, account_id, password_hash)
            sessions.end_all(connection, account_id)
            person = accounts.principal(connection, account_id)
            if person is None:
                raise LinkError()
            session = sessions.begin(connection, account_id, address, now)
            record(connection, _change(account_id, "account.accept", account_id, now))
        return SignedIn(token=session, principal=person)

    def sign_in(self, email: str, password: str, address: str) -> SignedIn:
        """A new session for the right password.

        An unknown account takes as long as a wrong password, and both say the same. Raises
        LoginFailedError, TooManyAttemptsError, SignInBusyError.
        """
        name = email.strip().lower()[:254]
        try:
            self._attempts.begin(name, address)
        except TooManyAttemptsError:
            SIGN_INS.labels(outcome="limited").inc()
            raise
        with self._store.read() as connection:
            known = accounts.credentials(connection, name)
        try:
            is_right = self._passwords.matches(known[1] if known else None, password)
        except SignInBusyError:
            self._attempts.unjudged(name, address)
            SIGN_INS.labels(outcome="busy").inc()
            raise
        if not is_right or known is None:
            SIGN_INS.labels(outcome="failed").inc()
            raise LoginFailedError()
        self._attempts.succeeded(name, address)
        account_id, stored = known
        fresh = self._passwords.hash(password) if self._passwords.is_outdated(stored) else None
        now = self._clock.now()
        with self._store.write() as connection:
            # The password may have been set anew while this one was checked: then it is wrong.
            is_same = accounts.lock_password(connection, account_id) == stored
            person = accounts.principal(connection, account_id)
            if person is None or not is_same:
                raise LoginFailedError()
            if fresh is not None:
                accounts.set_password(connection, account_id, fresh)
            session = sessions.begin(connection, account_id, address, now)
            record(connection, _change(account_id, "session.begin", account_id, now))
        SIGN_INS.labels(outcome="done").inc()
        return SignedIn(token=session, principal=person)

    def sign_out(self, token: str) -> None:
        """End a session; an unknown one is no error."""
        with self._store.write() as connection:
            account_id = sessions.end(connection, token)
            if account_id is not None:
                now = self._clock.now()
                record(connection, _change(account_id, "session.end", account_id, now))

    def of_session(self, token: str) -> Principal | None:
        """Who a session's token is, None when it ended; keeps a used session from idling out."""
        now = self._clock.now()
        with self._store.read() as connection:
            found = sessions.find(connection, token, now)
            person = accounts.principal(connection, found[0]) if found else None
        if found and person and found[1]:
            self._touch(token, now)
        return person

    def _touch(self, token: str, now: datetime) -> None:
        """Best effort: a full disk or a busy database must not turn a signed-in person away.

        After a failure nobody tries for TOUCH_PAUSE_S: each try may wait for the writer.
        """
        if self._clock.monotonic_s() < self._touch_again_s:
            return
        try:
            with self._store.write() as connection:
                sessions.touch(connection, token, now)
        except UnavailableError:
            self._touch_again_s = self._clock.monotonic_s() + TOUCH_PAUSE_S
            UNNOTED.inc()

    def listing(self) -> list[AccountListing]:
        """Every account, by address."""
        with self._store.read() as connection:
            return accounts.listing(connection)


def _change(actor: str, action: str, account_id: str, at: datetime) -> Change:
    return Change(actor=actor, action=action, subject=f"account:{account_id}", at=at)
