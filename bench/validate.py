"""Claim: the compiled tracking plan checks an event at least 1.2 times as fast as pydantic models
of the same plan, although it also finds duplicate keys, bounds depth and size, and compares
the user.

One event is: raw property bytes in; canonical bytes (sorted keys) out. Both sides get the same
bytes: the good examples of every event the product ships, as compact JSON and as Python's
json writes it, in turn. Rounds alternate between the sides; the best round of each counts, in
CPU time of this process. The six-property search event is reported by itself.

Run: python -m bench.validate [--smoke] [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.reference.validate_pydantic import compile_reference
from liftline.data.events.api import (
    Checked,
    compile_plan,
    load_plan,
    make_snapshot,
    shipped_plan,
)
from liftline.data.events.contracts import EventSpec, Sender

RATIO_BOUND = 1.2
SEARCH = "search_performed"
USER = "u_42"


@dataclass(frozen=True, slots=True)
class Case:
    """One event to check."""

    name: str
    raw: bytes
    sender: Sender
    user_id: str | None


def cases(events: tuple[EventSpec, ...]) -> list[Case]:
    found = []
    for spec in events:
        for example in spec.examples_good:
            user = str(example.get("user_id", USER))
            for separators in ((",", ":"), (", ", ": ")):
                raw = json.dumps(example, separators=separators).encode()
                found.append(Case(spec.name, raw, spec.senders[0], user))
    return found


def ours(events: tuple[EventSpec, ...], todo: list[Case]) -> Callable[[], list[bytes]]:
    check = compile_plan(make_snapshot(events, {"prod": "reject"}, 1)).check

    def run() -> list[bytes]:
        out = []
        for case in todo:
            verdict = check(
                event_type="track",
                name=case.name,
                raw_properties=case.raw,
                sender=case.sender,
                environment="prod",
                user_id=case.user_id,
            )
            assert isinstance(verdict, Checked)
            out.append(verdict.properties)
        return out

    return run


def reference(events: tuple[EventSpec, ...], todo: list[Case]) -> Callable[[], list[bytes]]:
    checks = compile_reference(events)

    def run() -> list[bytes]:
        return [checks[case.name](case.raw) for case in todo]

    return run


def best_us(one: Callable[[], list[bytes]], rounds: int, repeat: int, events: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time_ns()
        for _ in range(repeat):
            one()
        best = min(best, (time.process_time_ns() - start) / repeat / events / 1_000)
    return best


def measure(
    events: tuple[EventSpec, ...], todo: list[Case], *, rounds: int, repeat: int
) -> tuple[float, float, str]:
    """Microseconds per event of ours and the reference, and a hash of our bytes."""
    mine, theirs = ours(events, todo), reference(events, todo)
    digest = hashlib.sha256(b"\n".join(mine())).hexdigest()[:16]
    best_mine = best_theirs = float("inf")
    for _ in range(rounds):
        best_mine = min(best_mine, best_us(mine, 1, repeat, len(todo)))
        best_theirs = min(best_theirs, best_us(theirs, 1, repeat, len(todo)))
    return best_mine, best_theirs, digest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny input: does it run?")
    parser.add_argument("--check", action="store_true", help="exit with 1 below the bound")
    options = parser.parse_args()
    rounds, repeat = (2, 2) if options.smoke else (15, 60)
    events = load_plan([shipped_plan()])
    todo = cases(events)
    value, theirs, digest = measure(events, todo, rounds=rounds, repeat=repeat)
    search = [case for case in todo if case.name == SEARCH]
    search_value, search_theirs, _ = measure(
        events, search, rounds=rounds, repeat=repeat * len(todo) // len(search)
    )
    ratio = theirs / value
    line = {
        "bench": "validate",
        "value": round(value, 3),
        "unit": "us of CPU per event",
        "reference": round(theirs, 3),
        "ratio": round(ratio, 2),
        "bound": RATIO_BOUND,
        "search_us": round(search_value, 3),
        "search_reference_us": round(search_theirs, 3),
        "search_ratio": round(search_theirs / search_value, 2),
        "events": len(todo),
        "rounds": rounds,
        "is_smoke": options.smoke,
        "result_hash": digest,
    }
    print(json.dumps(line))
    return 1 if options.check and ratio < RATIO_BOUND else 0


if __name__ == "__main__":
    sys.exit(main())
