"""Goal: the app's client costs no DuckDB; the in-process adapter loads when it is told to."""

from __future__ import annotations

import subprocess
import sys


def test_the_socket_client_does_not_import_duckdb_or_dbt() -> None:
    code = (
        "import sys, liftline.adapters.warehouse.socket;"
        " sys.exit(any(name in sys.modules for name in ('duckdb', 'dbt', 'uvicorn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
