"""Goal: links are spent once, sessions end in time, and a wrong guess tells nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import text

from liftline.core.clock import ManualClock
from liftline.core.errors import UnavailableError
from liftline.core.ids import ProjectId
from liftline.platform.access.api import (
    Access,
    AccessMissingError,
    AccountExistsError,
    BadRequestError,
    LinkError,
    LoginFailedError,
    Passwords,
    SignedIn,
    TooManyAttemptsError,
    WeakPasswordError,
)
from liftline.platform.access.attempts import PER_ACCOUNT
from liftline.platform.access.contracts import Grant
from liftline.platform.access.people import TOUCH_PAUSE_S, People
from liftline.platform.access.store.accounts import FIRST_EMAIL, LINK_LIFE, LINKS_MAX
from liftline.platform.access.store.sessions import ABSOLUTE_LIFE, IDLE_LIFE, PER_ACCOUNT_MAX
from liftline.platform.state.contracts import Connection, StateStore

PASSWORD = "correct horse battery"
HERE = "127.0.0.1"
VIEWER = Grant(role="viewer", project=ProjectId("shop"))


def token_of(link: str | None) -> str:
    assert link is not None
    return link.split("#token=")[1]


@pytest.fixture
def admin(access: Access) -> SignedIn:
    return access.people.accept(token_of(access.first_account_link()), PASSWORD, HERE)


def test_the_first_link_makes_the_first_admin_once(access: Access) -> None:
    older = access.first_account_link()
    newer = access.first_account_link()
    assert newer is not None
    assert newer.startswith("http://127.0.0.1:8400/accept#token=llt_")
    signed_in = access.people.accept(token_of(older), PASSWORD, HERE)
    with pytest.raises(LinkError):
        access.people.accept(token_of(newer), PASSWORD, HERE)
    assert (signed_in.principal.label, signed_in.principal.role) == (FIRST_EMAIL, "admin")
    assert access.first_account_link() is None
    assert signed_in.token not in repr(signed_in)


def test_a_link_is_spent_once_and_expires(access: Access, clock: ManualClock) -> None:
    token = token_of(access.first_account_link())
    with pytest.raises(WeakPasswordError):
        access.people.accept(token, "short", HERE)
    access.people.accept(token, PASSWORD, HERE)
    with pytest.raises(LinkError):
        access.people.accept(token, PASSWORD, HERE)
    late = token_of(access.people.invite("key:x", "a@b.example", [VIEWER], (), "http://x"))
    clock.advance(LINK_LIFE)
    with pytest.raises(LinkError):
        access.people.accept(late, PASSWORD, HERE)
    with pytest.raises(LinkError):
        access.people.accept("llt_never", PASSWORD, HERE)


def test_signing_in_and_out(access: Access, admin: SignedIn) -> None:
    signed_in = access.people.sign_in(f" {FIRST_EMAIL.upper()} ", PASSWORD, HERE)
    assert access.authenticate(signed_in.token, None, HERE) == signed_in.principal
    access.people.sign_out(signed_in.token)
    access.people.sign_out(signed_in.token)
    assert access.authenticate(signed_in.token, None, HERE) is None
    assert access.authenticate(admin.token, None, HERE) is not None


@pytest.mark.parametrize(
    ("email", "password"),
    [(FIRST_EMAIL, "wrong"), ("nobody@x.example", PASSWORD), ("", ""), (FIRST_EMAIL, "x" * 300)],
)
def test_every_wrong_guess_says_the_same(
    access: Access, admin: SignedIn, email: str, password: str
) -> None:
    with pytest.raises(LoginFailedError) as refused:
        access.people.sign_in(email, password, HERE)
    assert str(refused.value) == str(LoginFailedError())


def test_an_unknown_account_costs_a_hash_too(
    access: Access, admin: SignedIn, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[bool] = []
    real = Passwords.matches

    def count(self: Passwords, stored: str | None, password: str) -> bool:
        looked_at.append(stored is None)
        return real(self, stored, password)

    monkeypatch.setattr(Passwords, "matches", count)
    for email in (FIRST_EMAIL, "nobody@x.example"):
        with pytest.raises(LoginFailedError):
            access.people.sign_in(email, "wrong", HERE)
    assert looked_at == [False, True]


def test_an_invited_account_without_a_password_cannot_sign_in(access: Access) -> None:
    access.people.invite("key:x", "a@b.example", [VIEWER], (), "http://x")
    with pytest.raises(LoginFailedError):
        access.people.sign_in("a@b.example", "", HERE)


def test_guesses_are_limited_and_the_right_password_waits_too(
    access: Access, admin: SignedIn, clock: ManualClock
) -> None:
    for _ in range(PER_ACCOUNT):
        with pytest.raises(LoginFailedError):
            access.people.sign_in(FIRST_EMAIL, "wrong", HERE)
    with pytest.raises(TooManyAttemptsError):
        access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
    clock.advance(timedelta(minutes=15))
    access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)


def test_a_session_idles_out_and_use_keeps_it_until_its_end(
    access: Access, admin: SignedIn, clock: ManualClock
) -> None:
    start = clock.now()
    while clock.now() - start + IDLE_LIFE / 2 < ABSOLUTE_LIFE:
        clock.advance(IDLE_LIFE / 2)
        assert access.authenticate(admin.token, None, HERE) is not None
    clock.advance(IDLE_LIFE / 2)
    assert access.authenticate(admin.token, None, HERE) is None
    idle = access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
    clock.advance(IDLE_LIFE)
    assert access.authenticate(idle.token, None, HERE) is None


def test_sessions_of_one_account_are_bounded(
    access: Access, admin: SignedIn, clock: ManualClock
) -> None:
    tokens = []
    for _ in range(PER_ACCOUNT_MAX + 2):
        clock.advance(timedelta(seconds=1))
        tokens.append(access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE).token)
    alive = [access.authenticate(token, None, HERE) is not None for token in tokens]
    assert alive == [False, False] + [True] * PER_ACCOUNT_MAX


def test_a_new_password_ends_the_sessions(access: Access, admin: SignedIn) -> None:
    link = access.people.link("key:x", FIRST_EMAIL, "http://x/")
    assert link.startswith("http://x/accept#token=")
    fresh = access.people.accept(token_of(link), "another long password", HERE)
    assert access.authenticate(admin.token, None, HERE) is None
    assert access.authenticate(fresh.token, None, HERE) is not None
    with pytest.raises(LoginFailedError):
        access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)


def test_a_disabled_account_is_out_at_once(access: Access, admin: SignedIn) -> None:
    access.people.disable("key:x", admin.principal.id, True)
    assert access.authenticate(admin.token, None, HERE) is None
    with pytest.raises(LoginFailedError):
        access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
    access.people.disable("key:x", admin.principal.id, False)
    access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
    with pytest.raises(AccessMissingError):
        access.people.disable("key:x", "acc_none", True)


def test_an_invitation_carries_its_grants(access: Access) -> None:
    grants = [VIEWER, Grant(role="editor", project=ProjectId("shop"), environment="dev")]
    link = access.people.invite("key:x", "Eve@B.example", grants, ("qa", "po"), "http://x")
    principal = access.people.accept(token_of(link), PASSWORD, HERE).principal
    assert (principal.label, principal.role) == ("eve@b.example", "editor")
    assert set(principal.grants) == set(grants)
    assert principal.scopes == {"qa", "po"}
    with pytest.raises(AccountExistsError):
        access.people.invite("key:x", "eve@b.example", grants, (), "http://x")


@pytest.mark.parametrize("email", ["", "no-at", "a@b@c", "a b@c", "x" * 300 + "@b", "a@\x00b"])
def test_bad_addresses_are_refused(access: Access, email: str) -> None:
    with pytest.raises(BadRequestError):
        access.people.invite("key:x", email, [VIEWER], (), "http://x")


def test_no_token_or_password_is_stored(access: Access, admin: SignedIn, store: StateStore) -> None:
    link = access.people.link("key:x", FIRST_EMAIL, "http://x")
    tables = ("accounts", "account_links", "sessions", "audit_log")
    with store.read() as connection:
        stored = [str(connection.execute(text(f"select * from {t}")).all()) for t in tables]
    for hidden in (token_of(link), admin.token, PASSWORD):
        assert not any(hidden in content for content in stored)


class Full:
    """A store that reads and does not write, as on a full disk."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self.tries = 0

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self._store.dialect

    def read(self) -> AbstractContextManager[Connection]:
        return self._store.read()

    def write(self) -> AbstractContextManager[Connection]:
        self.tries += 1
        raise UnavailableError("database or disk is full")

    def migrate(self) -> None:
        self._store.migrate()

    def close(self) -> None:
        self._store.close()


def test_a_full_disk_does_not_turn_a_signed_in_person_away(
    admin: SignedIn, store: StateStore, clock: ManualClock, passwords: Passwords
) -> None:
    full = Full(store)
    people = People(full, clock, passwords)
    clock.advance(timedelta(minutes=2))
    for _ in range(3):
        assert people.of_session(admin.token) == admin.principal
    assert full.tries == 1, "each try may wait for the writer: one in a while is enough"
    clock.advance(timedelta(seconds=TOUCH_PAUSE_S))
    assert people.of_session(admin.token) == admin.principal
    assert full.tries == 2


@pytest.mark.parametrize("is_outdated", [False, True])
def test_a_password_set_anew_wins_over_a_sign_in_under_way(
    access: Access, admin: SignedIn, monkeypatch: pytest.MonkeyPatch, is_outdated: bool
) -> None:
    fresh = "another long password"
    real = Passwords.matches

    def reset_meanwhile(self: Passwords, stored: str | None, password: str) -> bool:
        is_right = real(self, stored, password)
        link = access.people.link("key:x", FIRST_EMAIL, "http://x")
        access.people.accept(token_of(link), fresh, HERE)
        return is_right

    with monkeypatch.context() as patch:
        patch.setattr(Passwords, "matches", reset_meanwhile)
        patch.setattr(Passwords, "is_outdated", lambda _self, _stored: is_outdated)
        with pytest.raises(LoginFailedError):
            access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
    access.people.sign_in(FIRST_EMAIL, fresh, HERE)
    with pytest.raises(LoginFailedError):
        access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)


def test_first_links_are_bounded_and_the_newest_work(access: Access, clock: ManualClock) -> None:
    links = []
    for _ in range(LINKS_MAX + 1):
        clock.advance(timedelta(seconds=1))
        links.append(access.first_account_link())
    with pytest.raises(LinkError):
        access.people.accept(token_of(links[0]), PASSWORD, HERE)
    access.people.accept(token_of(links[1]), PASSWORD, HERE)


def test_no_link_is_printed_that_opens_nothing(access: Access, admin: SignedIn) -> None:
    access.people.disable("key:x", admin.principal.id, True)
    assert access.first_account_link() is None
    access.people.disable("key:x", admin.principal.id, False)
    access.people.sign_in(FIRST_EMAIL, PASSWORD, HERE)
