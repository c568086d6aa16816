"""Goal: the wheel carries everything Liftline needs to start, and nothing of the workshop."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from house.tree import ROOT

PAGES = ROOT / "ui/dist/index.html"
NEEDED = (
    "liftline/app/cli.py",
    "liftline/py.typed",
    "liftline/data/warehouse/dbt/dbt_project.yml",
    "liftline/shipped/ui/index.html",
    "liftline/shipped/tracking/events/user_activated.yml",
    "liftline/shipped/requirements/lock.txt",
    "liftline_demo/__main__.py",
)
WORKSHOP = re.compile(
    r"^(tests|house|bench)/|/(node_modules|__pycache__|target|logs)/|\.(pyc|duckdb)$"
)


def build(kind: str, out: Path) -> Path:
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory"]
    done = subprocess.run(
        [*hatchling, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.iterdir())


def build_hook() -> ModuleType:
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(not PAGES.exists(), reason="ui/dist is not built; make ui")
def test_the_wheel_has_what_it_needs(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        names = wheel.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        facts = wheel.read(metadata).decode()
        lock = wheel.read("liftline/shipped/requirements/lock.txt")
    assert [name for name in NEEDED if name not in names] == []
    assert [name for name in names if WORKSHOP.search(name)] == []
    assert lock == (ROOT / "requirements/lock.txt").read_bytes()
    assert not re.search(r"^Requires-Dist: dbt", facts, re.MULTILINE)
    assert len(names) > 100


@pytest.mark.slow
@pytest.mark.skipif(not PAGES.exists(), reason="ui/dist is not built; make ui")
def test_the_source_distribution_can_build_the_wheel(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as source:
        names = [name.split("/", maxsplit=1)[1] for name in source.getnames() if "/" in name]
    for needed in ("hatch_build.py", "ui/dist/index.html", "requirements/lock.txt"):
        assert needed in names
    assert [name for name in names if "node_modules" in name] == []


def test_canary_a_wheel_without_pages_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="make ui"):
        build_hook().build_pages(tmp_path)
