"""Calling the warehouse process over its socket."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from liftline.core.errors import InvalidError, LiftlineError
from liftline.data.warehouse.contracts import (
    BuildResult,
    QueryError,
    Rows,
    WarehouseAwayError,
    WarehouseStatus,
)
from liftline.data.warehouse.wire import (
    Parameters,
    QueryRequest,
    RebuildReply,
    RebuildRequest,
    Refusal,
    RowsReply,
    pack_parameters,
    unpack_rows,
)

T = TypeVar("T")
_STATUS_TIMEOUT_S: Final = 10.0
_BUILD_TIMEOUT_S: Final = 900.0
_REBUILD_TIMEOUT_S: Final = 24 * 3600.0
_MARGIN_S: Final = 5.0


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("warehouse", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._path))
        except OSError:
            self.sock.close()
            raise


class SocketCalls:
    """One warehouse process, by its socket. A connection per call; safe from many threads."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def query(
        self, sql: str, parameters: Parameters | None, *, max_rows: int, timeout_s: float
    ) -> Rows:
        """Run one reading statement there. Raises QueryError, WarehouseAwayError."""
        packed, instants = pack_parameters(parameters or {})
        request = QueryRequest(
            sql=sql, parameters=packed, instants=instants, max_rows=max_rows, timeout_s=timeout_s
        )
        reply = self._call("POST", "/query", request, RowsReply, timeout_s + _MARGIN_S)
        return unpack_rows(reply)

    def status(self) -> WarehouseStatus:
        return self._call("GET", "/status", None, WarehouseStatus, _STATUS_TIMEOUT_S)

    def build(self) -> BuildResult:
        return self._call("POST", "/build", None, BuildResult, _BUILD_TIMEOUT_S)

    def apply_plan(self) -> BuildResult:
        return self._call("POST", "/apply-plan", None, BuildResult, _BUILD_TIMEOUT_S)

    def rebuild(self, *, verify: bool, from_this_log: bool = False) -> RebuildReply:
        request = RebuildRequest(verify=verify, from_this_log=from_this_log)
        return self._call("POST", "/rebuild", request, RebuildReply, _REBUILD_TIMEOUT_S)

    def _call(
        self, method: str, path: str, body: msgspec.Struct | None, kind: type[T], timeout_s: float
    ) -> T:
        connection = _SocketConnection(self._path, timeout_s)
        try:
            content = None if body is None else msgspec.json.encode(body)
            connection.request(method, path, content)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise WarehouseAwayError(
                facts={"reason": str(error) or type(error).__name__}
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            raise _refused(response.status, answer)
        try:
            return msgspec.json.decode(answer, type=kind)
        except msgspec.DecodeError as error:
            raise WarehouseAwayError("the warehouse's answer cannot be read") from error


def _refused(status: int, answer: bytes) -> LiftlineError:
    try:
        refusal = msgspec.json.decode(answer, type=Refusal)
    except msgspec.DecodeError:
        return WarehouseAwayError(facts={"status": status})
    if status < 500:
        error: InvalidError = QueryError(refusal.message, cure=refusal.cure)
        return error
    return WarehouseAwayError(refusal.message, cure=refusal.cure)
