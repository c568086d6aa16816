"""What crosses the wall of control snapshots."""

from __future__ import annotations

from dataclasses import dataclass

PROPAGATION_BOUND_S = 2.0
"""A published snapshot is in force in every process at most this much later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One immutable version of one control file; `version` only ever rises."""

    name: str
    version: int
    body: bytes
