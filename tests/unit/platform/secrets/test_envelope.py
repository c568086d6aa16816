"""Goal: a sealed value opens with its own key, name and version, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liftline.platform.secrets.envelope import MasterKey, SealBrokenError, rewrap, seal, unseal

MASTER = MasterKey(bytes(range(32)))
OTHER = MasterKey(bytes(32))


def test_a_sealed_value_opens_again() -> None:
    sealed = seal(MASTER, "webhook", 1, b"hush")
    assert unseal(MASTER, "webhook", 1, sealed) == b"hush"
    assert b"hush" not in sealed.ciphertext + sealed.wrapped_key


def test_two_seals_of_one_value_share_nothing() -> None:
    first, second = (seal(MASTER, "webhook", 1, b"hush") for _ in range(2))
    assert first.ciphertext != second.ciphertext
    assert first.wrapped_key != second.wrapped_key


@pytest.mark.parametrize(("name", "version"), [("other", 1), ("webhook", 2)])
def test_a_row_cannot_pass_for_another(name: str, version: int) -> None:
    sealed = seal(MASTER, "webhook", 1, b"hush")
    with pytest.raises(SealBrokenError):
        unseal(MASTER, name, version, sealed)


@pytest.mark.parametrize("part", ["ciphertext", "wrapped_key"])
def test_a_changed_byte_is_found(part: str) -> None:
    sealed = seal(MASTER, "webhook", 1, b"hush")
    content = bytearray(getattr(sealed, part))
    content[-1] ^= 1
    with pytest.raises(SealBrokenError):
        unseal(MASTER, "webhook", 1, replace(sealed, **{part: bytes(content)}))


def test_another_master_key_opens_nothing() -> None:
    with pytest.raises(SealBrokenError):
        unseal(OTHER, "webhook", 1, seal(MASTER, "webhook", 1, b"hush"))


def test_rewrapping_moves_to_the_new_key_alone() -> None:
    sealed = seal(MASTER, "webhook", 1, b"hush")
    moved = replace(sealed, wrapped_key=rewrap(MASTER, OTHER, "webhook", 1, sealed.wrapped_key))
    assert unseal(OTHER, "webhook", 1, moved) == b"hush"
    with pytest.raises(SealBrokenError):
        unseal(MASTER, "webhook", 1, moved)


def test_the_master_key_does_not_show_itself() -> None:
    assert bytes(range(32)).hex() not in repr(MASTER)
    assert MASTER.id != OTHER.id
    with pytest.raises(SealBrokenError):
        MasterKey(b"short")
