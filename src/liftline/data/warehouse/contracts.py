"""What crosses the wall of the warehouse: queries, status, and the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from liftline.core.errors import InvalidError, UnavailableError

Scalar = str | int | float | bool | datetime | None


class WarehouseAwayError(UnavailableError):
    """The warehouse does not answer; pages show the last values with their time."""

    code = "warehouse.away"
    default_cure = "look at the warehouse process on the data health page or in its log"


class QueryError(InvalidError):
    """The warehouse refused a query."""

    code = "warehouse.query"


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A query's answer. `as_of` is the received instant of the newest event it can see.

    Instants come as aware UTC datetimes over every adapter (ISO text on the wire).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    is_truncated: bool = False
    as_of: datetime | None = None


class BuildResult(msgspec.Struct, frozen=True, kw_only=True):
    """One dbt build: what ran, what failed."""

    started_at: datetime
    duration_s: float
    is_ok: bool
    models_built: int
    tests_passed: int
    failures: tuple[str, ...] = ()


class WarehouseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where the warehouse stands. `state` is `stopped` when loading halted on purpose."""

    state: Literal["starting", "loading", "rebuilding", "stopped"]
    loaded_position: str
    durable_position: str
    pending_events: int
    loaded_events: int
    last_load_at: datetime | None
    last_build: BuildResult | None
    size_bytes: int
    problem: str = ""
    cure: str = ""


class Warehouse(Protocol):
    """The analytical database, owned by the warehouse process.

    Ordering: queries see whole loads only. Idempotency: queries read; build and rebuild
    may be repeated. Durability point: a load commits rows and offset together.
    Concurrency: many callers. Bounds: `max_rows` (then is_truncated), `timeout_s`.
    Failures: WarehouseAwayError (retryable), QueryError (not). Clock: none.
    """

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Scalar | Sequence[Scalar]] | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows: ...

    def status(self) -> WarehouseStatus: ...

    def build(self) -> BuildResult:
        """Run dbt now and wait for it."""
        ...

    def apply_plan(self) -> BuildResult:
        """Regenerate staging from the plan in force, then build."""
        ...
