"""Events to try the rules on, and the shipped plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liftline.data.events.api import load_plan, shipped_plan
from liftline.data.events.contracts import EventSpec

YAML = """\
name: report_shared
version: 1
owner: growth
purpose: Someone shared a report.
senders: [public, server]
retention_days: 90
consent: analytics
properties:
  report_id:
    type: string
    required: true
    pii: none
    max_length: 50
    description: Which report.
examples_good:
  - {report_id: r1}
examples_bad:
  - {}
"""


@pytest.fixture(scope="session")
def shipped_events() -> tuple[EventSpec, ...]:
    """The plan as Liftline ships it."""
    return load_plan([shipped_plan()])


@pytest.fixture
def plan_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes report_shared.yml, with texts replaced, into a directory of its own."""

    def write(*replacements: tuple[str, str], stem: str = "report_shared", at: str = "a") -> Path:
        text = YAML
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / at / f"{stem}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write
