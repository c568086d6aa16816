"""What other rooms and the adapters may call. Importing it costs no DuckDB and no dbt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liftline.core.clock import Clock
from liftline.data.log.contracts import LogReader
from liftline.data.warehouse.calls import SocketCalls
from liftline.data.warehouse.config import WarehouseConfig

if TYPE_CHECKING:
    from liftline.data.warehouse.engine import Engine
    from liftline.data.warehouse.loader import LoadReport
    from liftline.data.warehouse.rebuild import RebuildReport

__all__ = [
    "Engine",
    "LoadReport",
    "RebuildReport",
    "SocketCalls",
    "WarehouseConfig",
    "open_engine",
]


def open_engine(config: WarehouseConfig, log: LogReader, clock: Clock) -> Engine:
    """The warehouse's engine in this process; only one process may have the file open.

    Raises FileLockedError. A file of another schema version is rebuilt from the log first.
    """
    from liftline.data.warehouse.engine import Engine  # noqa: PLC0415 - DuckDB comes with it

    return Engine(config, log, clock)
