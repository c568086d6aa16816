"""Whether a browser sent a state-changing request from one of our own pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_cross_site(method: str, headers: Mapping[str, str]) -> bool:
    """Whether to refuse this request as forged; `headers` has lower-case names.

    Every browser since 2023 sends Sec-Fetch-Site, older ones Origin with a POST. A request
    with neither comes from no browser, so no cookie was lent to it. A request that brings
    its own Authorization header needs no cookie. The session cookie is SameSite=Lax
    besides. Source: Go's net/http CrossOriginProtection; OWASP CSRF cheat sheet.
    """
    if method.upper() in SAFE_METHODS or "authorization" in headers:
        return False
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        # `none` is the user's own doing: an address typed in, a bookmark.
        return fetch_site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
