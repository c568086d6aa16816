"""What other rooms may call: the plan compiled for the door, and what is made from it.

Importing this file costs no YAML, pydantic or SQL: the collector lives on it. `load_plan`
and `staging_files` import PyYAML when they are called.
"""

from __future__ import annotations

from liftline.data.events.canonical import MAX_BYTES, MAX_DEPTH, canonical_object
from liftline.data.events.changes import (
    BreakingPlanError,
    Change,
    next_snapshot,
    plan_changes,
    snapshot_changes,
)
from liftline.data.events.contracts import AppliedPlan, Checked, PlanApplier
from liftline.data.events.findings import Finding, InvalidPlanError
from liftline.data.events.loader import Reading, load_plan, read_plan, shipped_plan
from liftline.data.events.plan import CompiledPlan, compile_plan, make_snapshot
from liftline.data.events.shapes import Properties, Shape
from liftline.data.events.staging import column_name, model_name, staging_files
from liftline.data.events.timestamps import zulu_instants

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "AppliedPlan",
    "BreakingPlanError",
    "Change",
    "Checked",
    "CompiledPlan",
    "Finding",
    "InvalidPlanError",
    "PlanApplier",
    "Properties",
    "Reading",
    "Shape",
    "canonical_object",
    "column_name",
    "compile_plan",
    "load_plan",
    "make_snapshot",
    "model_name",
    "next_snapshot",
    "plan_changes",
    "snapshot_changes",
    "read_plan",
    "shipped_plan",
    "staging_files",
    "zulu_instants",
]
