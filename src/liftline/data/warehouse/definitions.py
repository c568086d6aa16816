"""Which definitions the marts in a file were built from: a changed one must reach old rows."""

from __future__ import annotations

import hashlib

import duckdb

from liftline.data.events.contracts import PlanSnapshot
from liftline.data.warehouse.project import project_files

_DEFINING = ("models/", "macros/")


def definitions_digest(plan: PlanSnapshot) -> str:
    """SHA-256 of everything that decides what a mart's rows are: models, macros, staging."""
    found = hashlib.sha256()
    for path, text in sorted(project_files(plan).items()):
        if path.startswith(_DEFINING) and path.endswith(".sql"):
            found.update(f"{path}\0{len(text)}\0{text}".encode())
    return found.hexdigest()


def read_definitions(cursor: duckdb.DuckDBPyConnection) -> str:
    """The digest that every mart in the file was last built whole with; empty before that."""
    row = cursor.execute("select digest from raw.definitions").fetchone()
    return str(row[0]) if row else ""


def write_definitions(cursor: duckdb.DuckDBPyConnection, digest: str) -> None:
    """Every mart in the file is of these definitions from its first row on."""
    cursor.execute("update raw.definitions set digest = $digest", {"digest": digest})
