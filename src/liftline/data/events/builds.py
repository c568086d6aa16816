"""Everything that is made from a plan, as files: path -> text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from liftline.data.events.contracts import EventSpec
from liftline.data.events.json_schema import batch_schema, event_schema
from liftline.data.events.reference import reference_page
from liftline.data.events.staging import staging_files
from liftline.data.events.typescript import typescript


def built_files(events: Sequence[EventSpec]) -> dict[str, str]:
    """JSON Schemas, staging models, TypeScript types and the reference page."""
    files = {f"schemas/{spec.name}.json": _pretty(event_schema(spec)) for spec in events}
    files["schemas/batch.json"] = _pretty(batch_schema(events))
    files |= {f"dbt/models/{path}": text for path, text in staging_files(events).items()}
    files["typescript/events.ts"] = typescript(events)
    files["events.md"] = reference_page(events)
    return files


def write_files(files: dict[str, str], folder: Path) -> None:
    """Write them below a folder, which is made when missing; other files in it stay."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def _pretty(schema: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
