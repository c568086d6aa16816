"""Goal: an absent server is a named, retryable failure. The rest is the contract suite's."""

from __future__ import annotations

import socket
import time

import pytest

from liftline.adapters.state.postgres import PostgresStateStore, StateAwayError


def test_an_absent_server_is_unavailable_soon() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        store = PostgresStateStore(f"postgresql://nobody@127.0.0.1:{port}/none", busy_timeout_s=0.5)

        def ask() -> None:
            with store.read():
                pass

        started_s = time.perf_counter()
        with pytest.raises(StateAwayError):
            ask()
        assert time.perf_counter() - started_s < 5
        store.close()
