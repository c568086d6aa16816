"""Goal: a key's text is recognised whole, and anything else is refused before any look-up."""

from __future__ import annotations

import re

import pytest

from liftline.platform.access import keytext

PATTERN = re.compile(r"llk_(public|server|ci|admin)_[0-9A-Za-z]{1,32}_[0-9A-Za-z]{49}\Z")


@pytest.mark.parametrize("kind", ["public", "server", "ci", "admin"])
def test_a_minted_key_is_parsed_and_fits_the_scanners_pattern(kind: str) -> None:
    text = keytext.mint(kind, "abc123")
    parsed = keytext.parse(text)
    assert parsed is not None
    assert (parsed.kind, parsed.key_id) == (kind, "abc123")
    assert parsed.secret_sha256 == keytext.digest(text)
    assert PATTERN.match(text)


def test_every_changed_character_is_noticed() -> None:
    text = keytext.mint("server", "abc123")
    for index in range(len(text)):
        changed = text[:index] + ("x" if text[index] != "x" else "y") + text[index + 1 :]
        assert keytext.parse(changed) is None, index


@pytest.mark.parametrize(
    "text",
    [
        "",
        "llk_",
        "Bearer x",
        "llk_root_abc_" + "0" * 49,
        "llk_server_abc_" + "0" * 49,
        "\x00",
        "é" * 60,
    ],
)
def test_noise_is_refused(text: str) -> None:
    assert keytext.parse(text) is None
    assert keytext.parse(keytext.mint("server", "a") + text + " ") is None


def test_texts_have_a_fixed_length_and_never_repeat() -> None:
    assert {len(keytext.random_text(32)) for _ in range(500)} == {43}
    assert {len(keytext.random_id()) for _ in range(500)} == {12}
    assert len({keytext.mint("server", "a") for _ in range(500)}) == 500


def test_the_longest_secret_fits() -> None:
    assert 62**43 > 2**256 > 62**42
