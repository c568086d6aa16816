"""The working dbt project: what is shipped, and the staging models that the plan generates."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml

from liftline.data.events.api import staging_files
from liftline.data.events.contracts import PlanSnapshot
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.store import open_settings

PROFILE = "liftline"

_OURS = frozenset({".sql", ".yml", ".csv", ".md"})
_SEEN_FOLDERS = ("models", "macros", "tests")


def write_project(config: WarehouseConfig, plan: PlanSnapshot) -> bool:
    """Bring the working project in line with what is shipped and with the plan.

    Only files whose text differs are written, and files nobody wants any more are removed,
    so dbt parses again only what changed. Returns whether anything changed.
    """
    wanted = project_files(plan)
    wanted["profiles.yml"] = profile(config, config.database_path)
    wanted["rebuild/profiles.yml"] = profile(config, config.rebuild_path)
    return _write(config.dbt_directory, wanted)


def project_files(plan: PlanSnapshot) -> dict[str, str]:
    """What is shipped and what the plan generates, by path; no profile."""
    wanted = dict(_shipped(resources.files("liftline.data.warehouse") / "dbt", ""))
    staging = staging_files(plan.events)
    return wanted | {f"models/{path}": text for path, text in staging.items()}


def profile(config: WarehouseConfig, database: Path) -> str:
    """profiles.yml for one file. `config_options` repeat what the file was opened with."""
    target = {
        "type": "duckdb",
        "path": str(database),
        "schema": "main",
        "threads": 1,
        "config_options": open_settings(database, config),
    }
    document = {PROFILE: {"target": "embedded", "outputs": {"embedded": target}}}
    text: str = yaml.safe_dump(document, sort_keys=True)
    return text


def _shipped(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found |= _shipped(entry, f"{path}/")
        elif Path(entry.name).suffix in _OURS:
            found[path] = entry.read_text(encoding="utf-8")
    return found


def _write(directory: Path, wanted: Mapping[str, str]) -> bool:
    is_changed = False
    for name in _SEEN_FOLDERS:
        for path in (directory / name).rglob("*"):
            if path.is_file() and path.relative_to(directory).as_posix() not in wanted:
                path.unlink()
                is_changed = True
    for relative, text in wanted.items():
        path = directory / relative
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        is_changed = True
    return is_changed
