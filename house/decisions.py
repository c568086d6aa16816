"""Decision records: complete, dated, enforced by something that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import yaml

from house.rooms import STORY
from house.traces import KnownTests
from house.tree import ROOT

FOLDER = ROOT / "docs/adr"
RESERVED = {42, 43, 44}
"""Numbers that the build plan gave away before any record was written."""
STATUSES = {"draft", "accepted", "superseded", "withdrawn"}
FIELDS = ("status", "date", "stories", "enforced_by", "revisit_when")
PARTS = ("Context", "Options", "Decision", "What we lose")
LINES = 80
_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md\Z")


def records() -> dict[int, Path]:
    found = [(path, _NAME.match(path.name)) for path in sorted(FOLDER.glob("[0-9]*.md"))]
    return {int(match[1]): path for path, match in found if match}


def numbering_faults(numbers: set[int]) -> Iterator[str]:
    """Numbers run without a hole; the reserved ones stand outside the row."""
    row = numbers - RESERVED
    for missing in sorted(set(range(1, max(row, default=0) + 1)) - row - RESERVED):
        yield f"{missing:04d} is missing"


def front_matter(text: str) -> Mapping[str, object]:
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    loaded = yaml.safe_load(match[1]) if match else None
    return loaded if isinstance(loaded, dict) else {}


def record_faults(text: str, tests: KnownTests, contracts: set[str]) -> Iterator[str]:
    """One record. A draft may be enforced by nothing yet; an accepted one may not."""
    facts = front_matter(text)
    yield from (f"front matter lacks `{field}`" for field in FIELDS if field not in facts)
    if not facts:
        return
    if facts.get("status") not in STATUSES:
        yield f"status {facts.get('status')!r} is none of {', '.join(sorted(STATUSES))}"
    if not isinstance(facts.get("date"), date):
        yield "date is not a date"
    if not str(facts.get("revisit_when") or "").strip():
        yield "revisit_when is empty"
    yield from (
        f"{story} is not a story"
        for story in _words(facts.get("stories"))
        if not STORY.match(story)
    )
    enforcers = _words(facts.get("enforced_by"))
    if facts.get("status") == "accepted" and not enforcers:
        yield "accepted, but enforced by nothing"
    for enforcer in enforcers:
        if enforcer not in contracts and not tests.has(enforcer):
            yield f"enforced_by names {enforcer}, which is neither a contract nor a test"
    for part in PARTS:
        if not re.search(rf"^## {part}", text, re.MULTILINE):
            yield f"has no part `{part}`"
    if text.count("\n") > LINES:
        yield f"{text.count(chr(10))} lines; at most {LINES}"


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(word) for word in value] if isinstance(value, list) else []
