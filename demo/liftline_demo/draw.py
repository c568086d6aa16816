"""Seeded draws: the same parts always give the same number, on every machine.

No draw depends on how many draws came before it elsewhere: each person, visit and e-mail
has a generator of its own, so that a world can be entered at any instant.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Generic, TypeVar

Item = TypeVar("Item")

_LARGE_MEAN = 30.0


def number(*parts: object) -> int:
    """A 64-bit number that depends on the parts alone."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def generator(*parts: object) -> Random:
    """A random generator that depends on the parts alone."""
    return Random(number(*parts))


def share(*parts: object) -> float:
    """A uniform draw in [0, 1) that depends on the parts alone."""
    return number(*parts) / 2**64


def identifier(*parts: object) -> str:
    """An id of 32 hexadecimal digits that depends on the parts alone."""
    text = "\x1f".join(map(str, parts))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def poisson(random: Random, mean: float) -> int:
    """A Poisson draw: exact below a mean of 30, the normal limit with its variance above."""
    if mean <= 0:
        return 0
    if mean > _LARGE_MEAN:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


class Weighted(Generic[Item]):
    """Picks items with fixed weights."""

    def __init__(self, items: Sequence[tuple[Item, float]]) -> None:
        self._items = [item for item, _ in items]
        total = 0.0
        self._ends = [total := total + weight for _, weight in items]

    def pick(self, random: Random) -> Item:
        place = bisect_right(self._ends, random.random() * self._ends[-1])
        return self._items[min(place, len(self._items) - 1)]
