"""What other rooms may call: the plan compiled for the door, and what is made from it."""

from __future__ import annotations

from liftline.data.events.canonical import MAX_BYTES, MAX_DEPTH, canonical_object
from liftline.data.events.contracts import Checked
from liftline.data.events.plan import CompiledPlan, compile_plan, make_snapshot

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Checked",
    "CompiledPlan",
    "canonical_object",
    "compile_plan",
    "make_snapshot",
]
