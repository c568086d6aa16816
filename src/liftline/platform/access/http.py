"""The web edge of access: sessions, keys, accounts, the audit page. JSON only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from liftline.core.ids import Environment, ProjectId, environment, project_id
from liftline.core.room import Provide
from liftline.platform.access.api import (
    SESSION_COOKIE,
    Access,
    Action,
    actor_of,
    allow,
    current_principal,
    refuse_cross_site,
    require,
)
from liftline.platform.access.contracts import Grant, KeyKind, Principal, Role
from liftline.platform.access.errors import UnauthenticatedError
from liftline.platform.access.people import SignedIn
from liftline.platform.access.store.accounts import AccountListing, parse_grant, parse_scopes
from liftline.platform.access.store.sessions import ABSOLUTE_LIFE
from liftline.platform.access.store.slots import KeyListing, MintedKey, SlotSpec
from liftline.platform.audit.api import PAGE_MAX, Entry, recent, verify_chain

_Place = Annotated[str | None, Query(max_length=40)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LoginBody(_Body):
    """What the login page sends."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=256)


class AcceptBody(_Body):
    """What the page behind a one-time link sends."""

    token: str = Field(max_length=100)
    password: str = Field(max_length=256)


class KeyBody(_Body):
    """A new slot and its first key."""

    kind: KeyKind
    project: str = Field(max_length=40)
    environment: str = Field(max_length=10)
    name: str = Field(max_length=80)
    origins: list[str] = Field(default=[], max_length=20)
    expires_at: AwareDatetime | None = None


class RotateBody(_Body):
    """The successor's end, if it has one."""

    expires_at: AwareDatetime | None = None


class GrantBody(_Body):
    """A role in a place; absent means everywhere."""

    role: Role
    project: str | None = Field(default=None, max_length=40)
    environment: str | None = Field(default=None, max_length=10)


class InviteBody(_Body):
    """A new account."""

    email: str = Field(max_length=254)
    grants: list[GrantBody] = Field(min_length=1, max_length=50)
    scopes: list[str] = Field(default=[], max_length=4)


class LinkBody(_Body):
    """Whose new link."""

    email: str = Field(max_length=254)


class DisableBody(_Body):
    """Whether the account is locked out."""

    is_disabled: bool


def routes(provide: Provide) -> APIRouter:
    """Every address of access."""
    access = provide(Access)
    router = APIRouter(prefix="/api", tags=["access"])
    _session_routes(router, access)
    _key_routes(router, access)
    _account_routes(router, access)
    _audit_routes(router, access)
    return router


def _session_routes(router: APIRouter, access: Access) -> None:
    @router.post("/session/login")
    def login(body: LoginBody, request: Request, response: Response) -> dict[str, object]:
        """Sign in; sets the session cookie."""
        refuse_cross_site(request.method, request.headers)
        signed_in = access.people.sign_in(body.email, body.password, _address(request))
        _set_cookie(response, access, signed_in)
        return _me(signed_in.principal)

    @router.post("/session/logout", status_code=204)
    def logout(request: Request, response: Response) -> None:
        """Sign out; fine without a session too."""
        refuse_cross_site(request.method, request.headers)
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            access.people.sign_out(token)
        response.delete_cookie(SESSION_COOKIE, path="/")

    @router.post("/account/accept")
    def accept(body: AcceptBody, request: Request, response: Response) -> dict[str, object]:
        """Spend a one-time link: set the password and sign in."""
        refuse_cross_site(request.method, request.headers)
        signed_in = access.people.accept(body.token, body.password, _address(request))
        _set_cookie(response, access, signed_in)
        return _me(signed_in.principal)

    @router.get("/me")
    def me(request: Request) -> dict[str, object]:
        """Who is asking; 401 when nobody is."""
        principal = current_principal(request)
        if principal is None:
            raise UnauthenticatedError()
        return _me(principal)


def _key_routes(router: APIRouter, access: Access) -> None:
    @router.get("/keys")
    def listed(
        request: Request, project: _Place = None, environment: _Place = None
    ) -> dict[str, object]:
        """Keys, newest first; never their text."""
        place = _place(project, environment)
        require(request, "keys.view", *place)
        return {"keys": [_key(key) for key in access.keys.listing(*place)]}

    @router.post("/keys", status_code=201)
    def create(body: KeyBody, request: Request) -> dict[str, str | bool]:
        """A new slot with a key; the answer is the only place its text ever stands."""
        spec = SlotSpec(
            project=project_id(body.project),
            environment=environment(body.environment),
            kind=body.kind,
            name=body.name,
            origins=tuple(body.origins),
            expires_at=body.expires_at,
        )
        who = _changer(request, "keys.change", spec.project, spec.environment)
        return _minted(access.keys.create(actor_of(who), spec))

    @router.post("/keys/{key_id}/revoke", status_code=204)
    def revoke(key_id: str, request: Request) -> None:
        """Take a key out of use in every process within two seconds."""
        _signed_in(request)
        who = _changer(request, "keys.change", *access.keys.place_of_key(key_id))
        access.keys.revoke(actor_of(who), key_id)

    @router.post("/keys/slots/{slot_id}/rotate", status_code=201)
    def rotate(
        slot_id: str, request: Request, body: RotateBody | None = None
    ) -> dict[str, str | bool]:
        """A second live key for the slot."""
        _signed_in(request)
        who = _changer(request, "keys.change", *access.keys.place_of_slot(slot_id))
        expires_at = body.expires_at if body else None
        return _minted(access.keys.rotate(actor_of(who), slot_id, expires_at))


def _account_routes(router: APIRouter, access: Access) -> None:
    @router.get("/accounts")
    def listed(request: Request) -> dict[str, object]:
        """Every account."""
        require(request, "accounts.view")
        return {"accounts": [_account(account) for account in access.people.listing()]}

    @router.post("/accounts", status_code=201)
    def invite(body: InviteBody, request: Request) -> dict[str, str]:
        """A new account; the answer has its one-time link."""
        who = _changer(request, "accounts.change")
        grants = [parse_grant(g.role, g.project, g.environment) for g in body.grants]
        link = access.people.invite(
            actor_of(who), body.email, grants, parse_scopes(body.scopes), access.base_url
        )
        return {"link": link}

    @router.post("/accounts/link", status_code=201)
    def link(body: LinkBody, request: Request) -> dict[str, str]:
        """A new one-time link for an account."""
        who = _changer(request, "accounts.change")
        return {"link": access.people.link(actor_of(who), body.email, access.base_url)}

    @router.post("/accounts/{account_id}/disable", status_code=204)
    def disable(account_id: str, body: DisableBody, request: Request) -> None:
        """Lock an account out and end its sessions, or let it in again."""
        who = _changer(request, "accounts.change")
        access.people.disable(actor_of(who), account_id, body.is_disabled)


def _audit_routes(router: APIRouter, access: Access) -> None:
    @router.get("/audit")
    def page(
        request: Request,
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        subject: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> dict[str, object]:
        """Changes, newest first; `before` turns the page."""
        require(request, "audit.view")
        with access.store.read() as connection:
            found = recent(connection, before_seq=before, subject=subject, limit=limit)
        return {"entries": [_entry(entry) for entry in found]}

    @router.get("/audit/chain")
    def chain(request: Request) -> dict[str, object]:
        """Whether the record is whole; reads all of it."""
        require(request, "audit.view")
        with access.store.read() as connection:
            report = verify_chain(connection)
        return {
            "is_intact": report.is_intact,
            "entries": report.entries,
            "head_seq": report.head_seq,
            "head_hash": report.head_hash,
            "broken_seq": report.broken_seq,
        }


def _changer(
    request: Request,
    action: Action,
    project: ProjectId | None = None,
    place: Environment | None = None,
) -> Principal:
    refuse_cross_site(request.method, request.headers)
    return require(request, action, project, place)


def _signed_in(request: Request) -> None:
    """Nobody learns which ids exist without saying who they are."""
    if current_principal(request) is None:
        raise UnauthenticatedError()


def _place(project: str | None, place: str | None) -> tuple[ProjectId | None, Environment | None]:
    return (project_id(project) if project else None, environment(place) if place else None)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _set_cookie(response: Response, access: Access, signed_in: SignedIn) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        signed_in.token,
        max_age=int(ABSOLUTE_LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=access.is_cookie_secure,
    )


def _me(principal: Principal) -> dict[str, object]:
    return {
        "kind": principal.kind,
        "id": principal.id,
        "label": principal.label,
        "role": principal.role,
        "scopes": sorted(principal.scopes),
        "project": principal.project,
        "environment": principal.environment,
        "grants": [_grant(grant) for grant in principal.grants],
        "is_admin": allow(principal, "accounts.change"),
    }


def _grant(grant: Grant) -> dict[str, str | None]:
    return {"role": grant.role, "project": grant.project, "environment": grant.environment}


def _key(key: KeyListing) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "slot_id": key.slot_id,
        "kind": key.kind,
        "name": key.name,
        "project": key.project,
        "environment": key.environment,
        "origins": list(key.origins),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _minted(minted: MintedKey) -> dict[str, str | bool]:
    return {
        "key": minted.text,
        "key_id": minted.key_id,
        "slot_id": minted.slot_id,
        "is_in_force": minted.is_in_force,
    }


def _account(account: AccountListing) -> dict[str, object]:
    return {
        "account_id": account.account_id,
        "email": account.email,
        "grants": [_grant(grant) for grant in account.grants],
        "scopes": list(account.scopes),
        "has_password": account.has_password,
        "is_disabled": account.is_disabled,
        "created_at": account.created_at,
    }


def _entry(entry: Entry) -> dict[str, str | int | datetime | None]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
        "hash": entry.hash,
    }
