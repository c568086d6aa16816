"""Goal: the demo's README states the ground truth that the code draws from, name by name."""

from __future__ import annotations

import re
from pathlib import Path

from liftline_demo.truth import GroundTruth

README = Path(__file__).parents[3] / "demo" / "README.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \|", re.MULTILINE)


def test_every_stated_figure_is_in_the_readme() -> None:
    written = dict(ROW.findall(README.read_text("utf-8")))
    stated = GroundTruth().as_json()
    assert written.keys() == stated.keys()
    for name, value in stated.items():
        if isinstance(value, int | float):
            assert float(written[name]) == value, name
    assert written["sign_ups_weekday"] == ", ".join(map(str, GroundTruth().sign_ups_weekday))
