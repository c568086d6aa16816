"""Who is asking, and whether they may.

Wiring makes one `Access`. For each request it calls `authenticate` and keeps the answer in
`request.state.principal`; a room's route then says `require(request, "goals.change", …)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from liftline.core.clock import Clock
from liftline.core.ids import Environment, ProjectId, SourceId
from liftline.platform.access.attempts import TooManyAttemptsError
from liftline.platform.access.client import ask
from liftline.platform.access.contracts import KeyRecord, Principal
from liftline.platform.access.errors import (
    AccessMissingError,
    AccountExistsError,
    BadRequestError,
    CrossSiteError,
    LinkError,
    LoginFailedError,
    NotAllowedError,
    SlotFullError,
    UnauthenticatedError,
)
from liftline.platform.access.keybook import KeyBook, KeysNotInForceError
from liftline.platform.access.operator import OperatorKey
from liftline.platform.access.passwords import Passwords, WeakPasswordError
from liftline.platform.access.people import People, SignedIn
from liftline.platform.access.rules import ACTIONS, Action, allow
from liftline.platform.access.same_origin import is_cross_site
from liftline.platform.access.store.accounts import FIRST_EMAIL, AccountListing
from liftline.platform.access.store.sessions import COOKIE as SESSION_COOKIE
from liftline.platform.access.store.slots import KeyListing, MintedKey, SlotSpec
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.state.contracts import StateStore

__all__ = [
    "ACTIONS",
    "FIRST_EMAIL",
    "SESSION_COOKIE",
    "Access",
    "AccessMissingError",
    "AccountExistsError",
    "AccountListing",
    "Action",
    "BadRequestError",
    "CrossSiteError",
    "KeyListing",
    "KeysNotInForceError",
    "LinkError",
    "LoginFailedError",
    "MintedKey",
    "NotAllowedError",
    "Passwords",
    "SignedIn",
    "SlotFullError",
    "SlotSpec",
    "TooManyAttemptsError",
    "UnauthenticatedError",
    "WeakPasswordError",
    "actor_of",
    "allow",
    "ask",
    "current_principal",
    "is_cross_site",
    "refuse_cross_site",
    "require",
]

_BEARER: Final = "bearer "


class Access:
    """Keys and people of one installation, and who a request comes from.

    `base_url` is the address people open: one-time links point there, and cookies are
    Secure exactly when it is https. Safe from many threads.
    """

    def __init__(
        self,
        store: StateStore,
        publisher: SnapshotPublisher,
        clock: Clock,
        base_url: str,
        *,
        passwords: Passwords | None = None,
    ) -> None:
        self.keys = KeyBook(store, publisher, clock)
        self.people = People(store, clock, passwords or Passwords())
        self.base_url = base_url.rstrip("/")
        self._operator = OperatorKey()
        self._store = store

    @property
    def store(self) -> StateStore:
        """The database the audit page reads from."""
        return self._store

    @property
    def is_cookie_secure(self) -> bool:
        """Whether the session cookie may travel over https alone."""
        return self.base_url.startswith("https://")

    def open_for_command_line(self, run_directory: Path, listen_url: str) -> Path:
        """Leave the operator's key and the app's loopback address for `liftline keys`."""
        return self._operator.write(run_directory, listen_url)

    def first_account_link(self) -> str | None:
        """The one-time link to print at start; None once an admin can sign in."""
        return self.people.first_link(self.base_url)

    def authenticate(
        self, cookie: str | None, authorization_header: str | None, address: str
    ) -> Principal | None:
        """Who is asking; None is nobody. A sent key wins, and a wrong key is not a visitor
        with a cookie: it is nobody. Blocking: call it from a worker thread."""
        if authorization_header:
            if not authorization_header.lower().startswith(_BEARER):
                return None
            text = authorization_header[len(_BEARER) :].strip()
            operator = self._operator.principal(text, address)
            return operator or _of_key(self.keys.find(text))
        return self.people.of_session(cookie) if cookie else None


def refuse_cross_site(method: str, headers: Mapping[str, str]) -> None:
    """Raises CrossSiteError for a forged request; see `is_cross_site`."""
    if is_cross_site(method, headers):
        raise CrossSiteError()


class Asked(Protocol):
    """A request as this room sees it; the web framework's own type stays at the edge."""

    @property
    def state(self) -> object: ...


def current_principal(request: Asked) -> Principal | None:
    """Who sent this request, as the app's middleware found out; None is nobody."""
    principal = getattr(request.state, "principal", None)
    return principal if isinstance(principal, Principal) else None


def require(
    request: Asked,
    action: Action,
    project: ProjectId | None = None,
    environment: Environment | None = None,
) -> Principal:
    """The principal, if they may; project None asks about the whole installation.

    Raises UnauthenticatedError (nobody) or NotAllowedError (somebody else's).
    """
    principal = current_principal(request)
    if principal is None:
        raise UnauthenticatedError()
    if not allow(principal, action, project, environment):
        place = f"{project or 'every project'}/{environment or 'every environment'}"
        raise NotAllowedError(f"{principal.label} may not do {action} in {place}")
    return principal


def actor_of(principal: Principal) -> str:
    """How an audit entry names a principal."""
    return f"{principal.kind}:{principal.id}"


def _of_key(record: KeyRecord | None) -> Principal | None:
    if record is None:
        return None
    return Principal(
        kind="key",
        id=record.key_id,
        label=f"{record.kind} key {record.key_id}",
        role="admin" if record.kind == "admin" else "viewer",
        project=ProjectId(record.project),
        environment=record.environment,
        source_id=SourceId(record.source_id),
        key_kind=record.kind,
    )
