"""The README's story map, from the criteria and their tests: `python -m house.story_map`."""

from __future__ import annotations

import re
import sys

from house.traces import CRITERIA, criteria, state_of
from house.tree import ROOT

README = ROOT / "README.md"
STORIES = ROOT / "docs/plan/stories.md"
_TABLE = re.compile(r"(\| story \| what it is \| state \|\n\|---\|---\|---\|\n)(?:\|.*\n)*")
_TITLE = re.compile(r"^### ((?:IG|BP)-\d+) (.+?) \(\d+ points", re.MULTILINE)


def story_map(page: str) -> str:
    """One row per story, in the plan's order."""
    titles, rows = dict(_TITLE.findall(page)), criteria(page)
    return "".join(
        f"| {story} | {titles[story]} | {state_of(story, rows)} |\n" for story in CRITERIA
    )


def main() -> int:
    table = story_map(STORIES.read_text("utf-8"))
    readme = README.read_text("utf-8")
    README.write_text(_TABLE.sub(lambda found: found[1] + table, readme), "utf-8")
    print("the story map is fresh")
    return 0


if __name__ == "__main__":
    sys.exit(main())
