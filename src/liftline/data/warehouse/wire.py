"""How a query travels over the socket: JSON, with the instants named so that types survive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from liftline.core.clock import to_utc_text
from liftline.data.warehouse.contracts import QueryError, Rows, Scalar

Plain = str | int | float | bool | None
Parameters = Mapping[str, Scalar | Sequence[Scalar]]

CONTENT_MAX_BYTES = 1 << 20
"""The largest request the warehouse reads."""


class QueryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One query. `instants` names the parameters whose text is an instant."""

    sql: str
    parameters: dict[str, Plain | list[Plain]]
    instants: tuple[str, ...] = ()
    max_rows: int = 10_000
    timeout_s: float = 30.0


class RowsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Rows with the numbers of the columns whose text is an instant."""

    columns: tuple[str, ...]
    instants: tuple[int, ...]
    rows: list[list[Plain]]
    is_truncated: bool
    as_of: datetime | None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error on the wire."""

    code: str
    message: str
    cure: str = ""


class RebuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to compare the new file with the old one before it takes its place.

    `from_this_log` takes whatever log there is, and compares nothing.
    """

    verify: bool = True
    from_this_log: bool = False


class RebuildReply(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the rebuilt file was found the same, whether it took the old one's place, and
    the report as text.
    """

    is_same: bool
    is_in_place: bool
    text: str


def pack_parameters(
    parameters: Parameters,
) -> tuple[dict[str, Plain | list[Plain]], tuple[str, ...]]:
    """Parameters as JSON can carry them, and which of them are instants."""
    packed: dict[str, Plain | list[Plain]] = {}
    instants: list[str] = []
    for name, value in parameters.items():
        if isinstance(value, datetime):
            packed[name] = _instant_text(value)
            instants.append(name)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            packed[name] = [
                _instant_text(item) if isinstance(item, datetime) else item for item in value
            ]
            if any(isinstance(item, datetime) for item in value):
                instants.append(name)
        else:
            packed[name] = value
    return packed, tuple(instants)


def _instant_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise QueryError("a naive datetime is not an instant", cure="pass an aware one")
    return to_utc_text(value)


def unpack_parameters(request: QueryRequest) -> dict[str, Scalar | Sequence[Scalar]]:
    """The inverse of pack_parameters."""
    unpacked: dict[str, Scalar | Sequence[Scalar]] = {}
    for name, value in request.parameters.items():
        if name not in request.instants:
            unpacked[name] = value
        elif isinstance(value, list):
            unpacked[name] = [_instant(item) for item in value]
        else:
            unpacked[name] = _instant(value)
    return unpacked


def _instant(value: Plain) -> Scalar:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise QueryError(f"{value!r} is not an instant") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def pack_rows(rows: Rows) -> RowsReply:
    """Rows as JSON can carry them."""
    instants = tuple(
        index
        for index in range(len(rows.columns))
        if any(isinstance(row[index], datetime) for row in rows.rows)
    )
    return RowsReply(
        columns=rows.columns,
        instants=instants,
        rows=[
            [to_utc_text(value) if isinstance(value, datetime) else value for value in row]
            for row in rows.rows
        ],
        is_truncated=rows.is_truncated,
        as_of=rows.as_of,
    )


def unpack_rows(reply: RowsReply) -> Rows:
    """The inverse of pack_rows."""
    instants = frozenset(reply.instants)
    return Rows(
        columns=reply.columns,
        rows=tuple(
            tuple(
                _instant(value) if index in instants else value for index, value in enumerate(row)
            )
            for row in reply.rows
        ),
        is_truncated=reply.is_truncated,
        as_of=reply.as_of,
    )
