"""The warehouse's settings: where it lives and every bound it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseConfig:
    """One warehouse: its directory, its neighbours, and its bounds.

    `directory` holds the DuckDB file, the working dbt project and the spool. Loading takes
    at most `core_share` of one core on average, in batches of at most `batch_events`, closed
    at most `batch_age_s` after their first event became durable. `memory_limit_mb` is
    DuckDB's own; `rebuild` opens a second file with the same limit.
    """

    directory: Path
    control_directory: Path
    socket_path: Path
    logs_directory: Path
    memory_limit_mb: int = 2048
    threads: int = 2
    batch_events: int = 100_000
    batch_bytes: int = 128 * 1024 * 1024
    batch_age_s: float = 1.0
    core_share: float = 0.30
    poll_s: float = 0.2
    checkpoint_mb: int = 256
    build_every_s: float = 15.0
    full_build_every_s: float = 3600.0
    query_slots: int = 4
    query_queue: int = 64
    max_rows: int = 100_000
    drain_s: float = 5.0

    @property
    def wal_max_mb(self) -> int:
        """Rows that only the write-ahead log has are held in memory: an eighth of it at most."""
        return max(1, min(self.checkpoint_mb, self.memory_limit_mb // 8))

    @property
    def database_path(self) -> Path:
        return self.directory / "liftline.duckdb"

    @property
    def rebuild_path(self) -> Path:
        """The same file name in another folder: DuckDB names the catalog after the file."""
        return self.directory / "rebuild" / "liftline.duckdb"

    @property
    def spool_directory(self) -> Path:
        return self.directory / "spool"

    @property
    def dbt_directory(self) -> Path:
        return self.directory / "dbt"
