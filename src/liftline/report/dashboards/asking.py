"""Named statements put to the warehouse, their cells read as what they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from liftline.core.errors import BrokenError
from liftline.data.warehouse.contracts import Rows, Scalar, Warehouse

TIMEOUT_S: Final = 10.0
FOLDER: Final = Path(__file__).with_name("sql")


class UnexpectedCellError(BrokenError):
    """The warehouse answered with a cell of another type than its statement promises."""

    code = "dashboards.unexpected_cell"
    default_cure = "rebuild the warehouse with this version: liftline warehouse rebuild"


@cache
def statement(name: str) -> str:
    """The text of sql/<name>.sql."""
    return (FOLDER / f"{name}.sql").read_text("utf-8")


def ask(warehouse: Warehouse, name: str, parameters: Mapping[str, Scalar]) -> Rows:
    """Run a named statement. Raises WarehouseAwayError."""
    return warehouse.query(statement(name), dict(parameters), timeout_s=TIMEOUT_S)


def whole(cell: Scalar) -> int:
    if isinstance(cell, int):
        return cell
    raise UnexpectedCellError(facts={"wanted": "a whole number"})


def number(cell: Scalar) -> float:
    if isinstance(cell, (int, float)):
        return float(cell)
    raise UnexpectedCellError(facts={"wanted": "a number"})


def text(cell: Scalar) -> str:
    if isinstance(cell, str):
        return cell
    raise UnexpectedCellError(facts={"wanted": "text"})


def text_or_none(cell: Scalar) -> str | None:
    return None if cell is None else text(cell)


def instant(cell: Scalar) -> datetime:
    if isinstance(cell, datetime):
        return cell
    raise UnexpectedCellError(facts={"wanted": "an instant"})
