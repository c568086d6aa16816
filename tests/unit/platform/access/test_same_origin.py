"""Goal: a forged request from another site is told from our own pages and from programs."""

from __future__ import annotations

import pytest

from liftline.platform.access.api import CrossSiteError, is_cross_site, refuse_cross_site

HOST = {"host": "liftline.example:8400"}


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("DELETE", {"sec-fetch-site": "cross-site"}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {}, False),
        ("POST", {"origin": "http://liftline.example:8400"}, False),
        ("POST", {"origin": "http://LIFTLINE.example:8400"}, False),
        ("POST", {"origin": "http://liftline.example"}, True),
        ("POST", {"origin": "https://evil.example"}, True),
        ("POST", {"origin": "null"}, True),
        # The browser's word wins over an Origin that fits.
        ("POST", {"origin": "http://liftline.example:8400", "sec-fetch-site": "cross-site"}, True),
        ("POST", {"origin": "https://evil.example", "authorization": "Bearer x"}, False),
    ],
)
def test_the_table(method: str, headers: dict[str, str], expected: bool) -> None:
    assert is_cross_site(method, HOST | headers) is expected


def test_refusing_is_an_error_with_a_name() -> None:
    with pytest.raises(CrossSiteError):
        refuse_cross_site("POST", HOST | {"sec-fetch-site": "cross-site"})
    refuse_cross_site("POST", HOST)
