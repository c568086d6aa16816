"""The warehouse in this process: for tests and benchmarks, without socket or threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from liftline.core.clock import Clock, SystemClock
from liftline.data.log.contracts import LogReader
from liftline.data.warehouse.api import WarehouseConfig, open_engine
from liftline.data.warehouse.contracts import BuildResult, Rows, Scalar, WarehouseStatus

if TYPE_CHECKING:
    from liftline.data.warehouse.api import LoadReport, RebuildReport


class DuckDbWarehouse:
    """`Warehouse` on an engine of its own. Nothing loads by itself: call `load()`."""

    def __init__(self, config: WarehouseConfig, log: LogReader, clock: Clock | None = None) -> None:
        self.engine = open_engine(config, log, clock or SystemClock())

    def load(self) -> tuple[LoadReport, ...]:
        """Load everything that is durable now, batch after batch."""
        reports: list[LoadReport] = []
        while (report := self.engine.load_once()) is not None:
            reports.append(report)
        return tuple(reports)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Scalar | Sequence[Scalar]] | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows:
        return self.engine.query(sql, parameters, max_rows=max_rows, timeout_s=timeout_s)

    def status(self) -> WarehouseStatus:
        return self.engine.status()

    def build(self) -> BuildResult:
        return self.engine.build()

    def apply_plan(self) -> BuildResult:
        return self.engine.apply_plan()

    def rebuild(self, *, verify: bool = True) -> RebuildReport:
        """Make the file again from the log and put it in place when it is the same."""
        return self.engine.rebuild("verify" if verify else "unverified")

    def close(self) -> None:
        self.engine.close()
