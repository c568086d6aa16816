"""A warehouse file with raw events and the real dbt project, for tests of the marts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from liftline.data.events.api import load_plan, shipped_plan, staging_files

WAREHOUSE = Path(__file__).parents[4] / "src" / "liftline" / "data" / "warehouse"
MART_EVENTS = ("onboarding_", "search_", "email_")


@dataclass
class MartLab:
    """One DuckDB file, one dbt project, one warm runner."""

    directory: Path
    ordinal: int = 0
    manifest: Any = None
    connection: duckdb.DuckDBPyConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = duckdb.connect(str(self.database))
        self.connection.execute("set global TimeZone = 'UTC'")
        schema = (WAREHOUSE / "sql" / "schema.sql").read_text(encoding="utf-8")
        self.connection.execute(schema.replace("{schema_version}", "1"))

    @property
    def database(self) -> Path:
        return self.directory / "liftline.duckdb"

    def send(
        self,
        name: str,
        user: str | None,
        at: datetime,
        properties: dict[str, object] | None = None,
        **columns: object,
    ) -> None:
        """Load one event, the next in log order; received as it happened unless told."""
        self.ordinal += 1
        instant = at.replace(tzinfo=None)
        row: dict[str, object] = {
            "ordinal": self.ordinal,
            "project": "shop",
            "environment": "prod",
            "source_id": "source",
            "message_id": f"message-{self.ordinal}",
            "key_low": self.ordinal,
            "key_high": 0,
            "type": "track",
            "name": name,
            "user_id": user,
            "anonymous_id": None,
            "event_at": instant,
            "received_at": instant + timedelta(seconds=1),
            "sender": "server",
            "plan_version": 1,
            "is_planned": True,
            "is_historical": False,
            "id_minted": False,
            "is_semantic_duplicate": False,
            "properties": json.dumps(properties or {}),
            "context": "{}",
        } | columns
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        self.connection.execute(
            f"insert into raw.events ({names}) values ({marks})", list(row.values())
        )

    def load(self, at: datetime) -> None:
        """Say that everything so far was committed by a load at that instant."""
        self.connection.execute(
            "insert into raw.loads select ?, '', '', ?, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0",
            [self.ordinal, at.replace(tzinfo=None)],
        )

    def build(self, *options: str) -> None:
        """Run the models of the three folders and their tests; fails the test when dbt does."""
        folders = ("models/activation", "models/search", "models/email")
        self._invoke("build", "--select", *folders, *options)

    def prepare(self) -> None:
        """Parse once, make the staging views (they hold no rows) and the empty marts."""
        self.manifest = self._invoke("parse")
        self._invoke("run", "--exclude", "models/ledger")

    def _invoke(self, *command: str) -> Any:
        from dbt.cli.main import dbtRunner

        verb, *rest = command
        quiet = ["--no-send-anonymous-usage-stats", "--quiet", "--log-level-file", "none"]
        places = ["--project-dir", str(self.directory), "--profiles-dir", str(self.directory)]
        result = dbtRunner(manifest=self.manifest).invoke([*quiet, verb, *places, *rest])
        problems = [
            (one.node.name, one.message)
            for one in getattr(result.result, "results", None) or ()
            if str(one.status) not in ("success", "pass")
        ]
        assert result.success, (result.exception, problems)
        return result.result

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def mart(self, name: str) -> Sequence[tuple[Any, ...]]:
        """Every row of a mart, in an order of its own."""
        return self.rows(f"select * from analytics.{name} order by all")

    def clear(self) -> None:
        """Forget events and marts, keep the project."""
        self.connection.execute("delete from raw.events")
        self.connection.execute("delete from raw.loads")
        tables = self.rows("select table_name from duckdb_tables() where schema_name = 'analytics'")
        for (table,) in tables:
            self.connection.execute(f"delete from analytics.{table}")
        self.ordinal = 0


@pytest.fixture(scope="session")
def prepared_marts(tmp_path_factory: pytest.TempPathFactory) -> MartLab:
    pytest.importorskip("dbt.cli.main", reason="dbt is missing: install requirements/lock.txt")
    directory = tmp_path_factory.mktemp("marts")
    for part in ("models", "macros", "tests"):
        shutil.copytree(WAREHOUSE / "dbt" / part, directory / part)
    shutil.copy(WAREHOUSE / "dbt" / "dbt_project.yml", directory)
    events = load_plan((shipped_plan(),))
    used = [event for event in events if event.name.startswith(MART_EVENTS)]
    for path, text in staging_files(used).items():
        target = directory / "models" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    profile = {"type": "duckdb", "path": str(directory / "liftline.duckdb"), "threads": 1}
    document = {"liftline": {"target": "test", "outputs": {"test": profile | {"schema": "main"}}}}
    (directory / "profiles.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    lab = MartLab(directory)
    lab.prepare()
    return lab


@pytest.fixture
def marts(prepared_marts: MartLab) -> MartLab:
    """An empty warehouse whose models are built."""
    prepared_marts.clear()
    return prepared_marts
