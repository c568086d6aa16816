"""Goal: each wall is awake: a violation seeded in a copy of the tree breaks its contract."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Seed:
    """`importer` gains an import of `imported`; `contract` must name the pair."""

    contract: str
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.contract}:{self.importer}->{self.imported}"


SEEDS = (
    Seed("floors", "liftline.core.seeded", "liftline.data.log.contracts"),
    Seed("floors", "liftline.platform.jobs.seeded", "liftline.data.events.contracts"),
    Seed("floors", "liftline.data.metrics.seeded", "liftline.report.dashboards.api"),
    Seed("floors", "liftline.report.dashboards.seeded", "liftline.growth.activation.api"),
    Seed("floors", "liftline.data.warehouse.seeded", "liftline.adapters.warehouse.seeded"),
    Seed("floors", "liftline.growth.activation.seeded", "liftline.app.settings"),
    Seed("platform", "liftline.platform.state.seeded", "liftline.platform.access.contracts"),
    Seed("platform", "liftline.platform.jobs.seeded", "liftline.platform.audit.api"),
    Seed("data", "liftline.data.log.seeded", "liftline.data.collect.api"),
    Seed("data", "liftline.data.collect.seeded", "liftline.data.warehouse.contracts"),
    Seed("data", "liftline.data.warehouse.seeded", "liftline.data.metrics.contracts"),
    Seed("adapters", "liftline.adapters.state.seeded", "liftline.adapters.warehouse.seeded"),
    Seed("room-shape", "liftline.platform.audit.api", "liftline.platform.audit.http"),
    Seed("room-shape", "liftline.data.events.contracts", "liftline.data.events.api"),
    Seed("closed-rooms", "liftline.data.metrics.seeded", "liftline.data.warehouse.private"),
    Seed("closed-rooms", "liftline.data.warehouse.seeded", "liftline.data.log.private"),
    Seed("closed-rooms", "liftline.adapters.warehouse.seeded", "liftline.data.log.private"),
    Seed("closed-rooms", "liftline.adapters.event_log.seeded", "liftline.data.events.private"),
    Seed("closed-rooms", "liftline.app.seeded", "liftline.platform.access.private"),
    Seed("closed-rooms", "liftline.data.metrics.seeded", "liftline.data.warehouse.http"),
    Seed("light-collector", "liftline.data.collect.seeded", "duckdb"),
    Seed("light-collector", "liftline.data.collect.seeded", "liftline.platform.state.contracts"),
    Seed("pure-core", "liftline.core.seeded", "msgspec"),
    Seed("vendor-web", "liftline.data.metrics.seeded", "fastapi"),
    Seed("vendor-web", "liftline.platform.access.seeded", "pydantic"),
    Seed("vendor-warehouse", "liftline.data.metrics.seeded", "duckdb"),
    Seed("vendor-warehouse", "liftline.report.dashboards.seeded", "dbt"),
    Seed("vendor-sql", "liftline.platform.access.seeded", "sqlalchemy"),
    Seed("vendor-sql", "liftline.platform.jobs.seeded", "sqlite3"),
    Seed("vendor-command-line", "liftline.data.events.seeded", "cyclopts"),
    Seed("vendor-sqlglot", "liftline.data.warehouse.seeded", "sqlglot"),
    Seed("vendor-crypto", "liftline.platform.jobs.seeded", "cryptography"),
)

NEW_ROOMS = {
    "floors": "liftline.seeded_floor",
    "platform": "liftline.platform.seeded_room",
    "data": "liftline.data.seeded_room",
    "report": "liftline.report.seeded_room",
    "growth": "liftline.growth.seeded_room",
    "adapters": "liftline.adapters.seeded_port",
}
"""Folders that no layer names: an exhaustive contract must ask where they belong."""

CYCLE = ("liftline.data.log.seeded_one", "liftline.data.log.seeded_two")


def contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


def path_of(copy: Path, module: str) -> Path:
    return copy / "src" / Path(*module.split(".")).with_suffix(".py")


def add_import(copy: Path, importer: str, imported: str) -> None:
    file = path_of(copy, importer)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(f"\nimport {imported}\n")
    if imported.startswith("liftline."):
        path_of(copy, imported).touch()


def copy_of_the_tree(target: Path) -> Path:
    shutil.copytree(
        ROOT / "src", target / "src", ignore=shutil.ignore_patterns("__pycache__", "dbt")
    )
    shutil.copytree(ROOT / "house", target / "house")
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def verdicts(copy: Path) -> tuple[int, dict[str, str]]:
    """import-linter's answer for the copy: exit code, and the report of each broken contract."""
    code = (
        f"import sys; sys.path[:0] = [{str(copy / 'src')!r}, {str(copy)!r}]\n"
        "from importlinter.cli import lint_imports\n"
        "sys.exit(lint_imports(no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, timeout=60
    )
    names = {str(contract["name"]): str(contract["id"]) for contract in contracts()}
    reports: dict[str, str] = {}
    current = ""
    lines = done.stdout.replace("\n\n", "\n").splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("Broken contracts")), 0)
    for line in lines[start:] if start else ():
        current = names.get(line.strip(), current)
        if current:
            reports[current] = reports.get(current, "") + line + "\n"
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode, reports


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    copy = copy_of_the_tree(tmp_path_factory.mktemp("seeded"))
    for seed in SEEDS:
        add_import(copy, seed.importer, seed.imported)
    add_import(copy, CYCLE[0], CYCLE[1])
    add_import(copy, CYCLE[1], CYCLE[0])
    return verdicts(copy)[1]


@pytest.fixture(scope="module")
def with_new_rooms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    copy = copy_of_the_tree(tmp_path_factory.mktemp("new_rooms"))
    for room in NEW_ROOMS.values():
        folder = path_of(copy, room).with_suffix("")
        folder.mkdir()
        (folder / "__init__.py").write_text('"""A room that no layer names."""\n')
    return verdicts(copy)[1]


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_a_seeded_import_breaks_its_contract(seed: Seed, seeded: dict[str, str]) -> None:
    report = seeded.get(seed.contract, "")
    pair = f"{seed.importer} -> {seed.imported}"
    chain = f"{seed.importer} -> {seed.imported.removesuffix('.contracts')}"
    assert pair in report or chain in report, f"{seed.contract} let {pair} pass:\n{report}"


def test_a_cycle_breaks_its_contract(seeded: dict[str, str]) -> None:
    assert "seeded_" in seeded.get("no-cycles", "")


@pytest.mark.parametrize("contract", NEW_ROOMS)
def test_a_room_that_no_layer_names_breaks_the_order(
    contract: str, with_new_rooms: dict[str, str]
) -> None:
    assert NEW_ROOMS[contract].rsplit(".", maxsplit=1)[1] in with_new_rooms.get(contract, "")


def test_every_contract_has_a_seed() -> None:
    awake = {seed.contract for seed in SEEDS} | set(NEW_ROOMS) | {"no-cycles"}
    assert awake == {str(contract["id"]) for contract in contracts()}
    assert len(SEEDS) == 32
    assert len(contracts()) == 17


def test_every_floor_with_rooms_has_an_order() -> None:
    ordered = {
        str(container)
        for contract in contracts()
        if contract["type"] == "layers" and contract.get("exhaustive")
        for container in contract["containers"]  # type: ignore[attr-defined]
    }
    floors = {
        f"liftline.{floor.name}"
        for floor in (ROOT / "src/liftline").iterdir()
        if floor.is_dir() and floor.name not in ("core", "app", "shipped")
        if any((room / "__init__.py").exists() for room in floor.iterdir() if room.is_dir())
    }
    assert floors - ordered == set()
