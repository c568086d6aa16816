"""Goal: each check of the doctor can fail, and a failure always carries its cure."""

import json
import socket
from pathlib import Path

import pytest

from liftline.app import doctor
from liftline.app.paths import Layout
from liftline.app.settings import Settings


def test_a_healthy_folder_passes(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "new" / "data")
    assert doctor.folder_permissions(layout).outcome == "ok"
    assert doctor.disk_sync(layout).outcome in ("ok", "warn")
    assert not list(tmp_path.iterdir()), "the doctor leaves nothing behind"


def test_a_port_in_use_is_a_failure_with_a_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        finding = doctor.port("127.0.0.1", number, "app", Layout(tmp_path))
    assert finding.outcome == "fail"
    assert "LIFTLINE_APP_PORT" in finding.cure
    assert doctor.port("127.0.0.1", number, "app", Layout(tmp_path)).outcome == "ok"


def test_readable_by_others_is_a_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    finding = doctor.folder_permissions(Layout(tmp_path))
    assert (finding.outcome, finding.cure) == ("warn", f"run `chmod 700 {tmp_path}`")


def test_a_full_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = doctor.shutil.disk_usage(tmp_path)._replace(free=1024)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage)
    assert doctor.disk_space(Layout(tmp_path)).outcome == "fail"


def test_listening_to_the_world_without_https_warns() -> None:
    assert doctor.exposure(Settings(host="0.0.0.0")).outcome == "warn"
    assert doctor.exposure(Settings(host="0.0.0.0", public_url="https://x.test")).outcome == "ok"
    assert doctor.exposure(Settings()).outcome == "ok"


def test_missing_dbt_fails_and_names_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    finding = doctor.dbt()
    assert finding.outcome == "fail"
    assert "--require-hashes" in finding.cure


def test_the_exit_code_follows_the_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        settings = Settings(data_dir=tmp_path, app_port=number, collector_port=9)
        assert doctor.examine(settings, as_json=True) == 1
    findings = json.loads(capsys.readouterr().out)
    assert {f["check"] for f in findings} >= {"disk", "clock", "sqlite", "dbt", "permissions"}
    assert all(f["cure"] for f in findings if f["outcome"] != "ok")
