"""Goal: the working project is what is shipped plus the plan's staging, and nothing else."""

from __future__ import annotations

import yaml

from liftline.data.events.contracts import EventSpec, PlanSnapshot, PropertySpec
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.project import profile, write_project
from liftline.data.warehouse.room import ROOM
from liftline.data.warehouse.store import open_settings


def plan(*names: str) -> PlanSnapshot:
    events = tuple(
        EventSpec(
            name=name,
            version=1,
            owner="growth",
            purpose="test",
            senders=("server",),
            retention_days=30,
            consent="necessary",
            properties={"n": PropertySpec(type="integer", description="a number")},
        )
        for name in names
    )
    return PlanSnapshot(version=1, digest="d", events=events, unplanned={})


def test_only_what_changed_is_written_and_what_is_gone_is_removed(config: WarehouseConfig) -> None:
    assert write_project(config, plan("one", "two"))
    models = config.dbt_directory / "models"
    stamps = {path: path.stat().st_mtime_ns for path in models.rglob("*.sql")}
    assert (models / "staging" / "stg_one.sql") in stamps
    assert (models / "ledger" / "ledger.sql") in stamps
    assert not write_project(config, plan("one", "two"))
    assert write_project(config, plan("one"))
    assert not (models / "staging" / "stg_two.sql").exists()
    kept = models / "staging" / "stg_one.sql"
    assert kept.stat().st_mtime_ns == stamps[kept]


def test_the_profile_opens_the_file_with_the_very_same_settings(config: WarehouseConfig) -> None:
    target = yaml.safe_load(profile(config, config.database_path))["liftline"]["outputs"][
        "embedded"
    ]
    assert target["path"] == str(config.database_path)
    assert target["config_options"] == open_settings(config.database_path, config)


def test_nothing_is_sent_anywhere(config: WarehouseConfig) -> None:
    write_project(config, plan())
    project = yaml.safe_load((config.dbt_directory / "dbt_project.yml").read_text())
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert not (config.dbt_directory / "packages.yml").exists()


def test_nothing_is_declared_that_nobody_runs(config: WarehouseConfig) -> None:
    """`dbt build` checks no freshness; the alert on raw.delays is the one measure of delay."""
    write_project(config, plan())
    declared = yaml.safe_load((config.dbt_directory / "models" / "sources.yml").read_text())
    tables = [table for source in declared["sources"] for table in source["tables"]]
    assert len(tables) > 3
    assert not [t["name"] for t in tables if "freshness" in {**t, **t.get("config", {})}]
    assert any("ingest_delay_seconds_p95" in alert.expression for alert in ROOM.alerts)
