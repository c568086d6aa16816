"""Goal: the collector's process really starts without the heavy packages, beyond the walls."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

from house.tree import ROOT, parsed

HEAVY = {"duckdb", "dbt", "sqlalchemy", "alembic", "fastapi", "starlette", "pydantic", "httpx"}
PROCESSES = ROOT / "src/liftline/app/processes.py"
REPORT = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"


def imported_by(function: str) -> list[str]:
    """What the process's entry imports: at the top of the file and inside its own function."""
    tree = parsed(PROCESSES)
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    modules = [
        node.module
        for part in (tree.body, body)
        for node in part
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    return [module for module in modules if module != "__future__"]


def loaded_by(modules: list[str]) -> set[str]:
    code = "\n".join([*(f"import {module}" for module in modules), REPORT])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_collector_starts_light() -> None:
    modules = imported_by("run_collector")
    assert "liftline.data.collect.http" in modules
    assert loaded_by(modules) & HEAVY == set()


def test_canary_a_heavy_process_is_seen() -> None:
    assert loaded_by(["liftline.app.settings"]) & HEAVY
