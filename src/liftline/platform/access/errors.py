"""How access says no."""

from __future__ import annotations

from liftline.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class UnauthenticatedError(DeniedError):
    """Nobody is signed in, and no live key was sent."""

    code = "access.unauthenticated"
    default_cure = "sign in, or send `Authorization: Bearer <key>`"


class LoginFailedError(DeniedError):
    """E-mail and password do not fit."""

    code = "access.login_failed"
    default_cure = "check both; an admin can make a new one-time link"


class NotAllowedError(DeniedError):
    """You may not do this here."""

    code = "access.not_allowed"
    default_cure = "ask an admin of this project for the role"


class CrossSiteError(DeniedError):
    """This request was sent by another site's page."""

    code = "access.cross_site"
    default_cure = "use Liftline's own pages, or an API key"


class LinkError(InvalidError):
    """This one-time link was used, has expired or never was."""

    code = "access.link"
    default_cure = "ask an admin for a new one (`liftline accounts link`)"


class BadRequestError(InvalidError):
    """A value in this request cannot be used."""

    code = "access.bad_request"


class SlotFullError(ConflictError):
    """Two keys of this slot live already."""

    code = "access.slot_full"
    default_cure = "revoke the one that is no longer used, then rotate"


class AccountExistsError(ConflictError):
    """There is an account with this e-mail address."""

    code = "access.account_exists"


class AccessMissingError(NotFoundError):
    """There is no such key, slot or account."""

    code = "access.missing"
