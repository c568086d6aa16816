"""The warehouse behind its process's socket: what the app uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from liftline.data.warehouse.api import SocketCalls
from liftline.data.warehouse.contracts import BuildResult, Rows, Scalar, WarehouseStatus


class SocketWarehouse:
    """`Warehouse` over a Unix socket; a connection per call, so a restart heals by itself."""

    def __init__(self, socket_path: Path) -> None:
        self._calls = SocketCalls(socket_path)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Scalar | Sequence[Scalar]] | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows:
        return self._calls.query(sql, parameters, max_rows=max_rows, timeout_s=timeout_s)

    def status(self) -> WarehouseStatus:
        return self._calls.status()

    def build(self) -> BuildResult:
        return self._calls.build()

    def apply_plan(self) -> BuildResult:
        return self._calls.apply_plan()
