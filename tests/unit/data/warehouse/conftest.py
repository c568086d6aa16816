"""Fixtures of the warehouse room's unit tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liftline.core.clock import ManualClock
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.store import Store


@pytest.fixture
def config(tmp_path: Path) -> WarehouseConfig:
    return WarehouseConfig(
        directory=tmp_path / "warehouse",
        control_directory=tmp_path / "control",
        socket_path=tmp_path / "w.sock",
        logs_directory=tmp_path / "logs",
        memory_limit_mb=512,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def open_store(config: WarehouseConfig) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def _open() -> Store:
        opened.append(Store(config.database_path, config))
        return opened[-1]

    yield _open
    for store in opened:
        store.close()
