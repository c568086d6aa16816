"""What other rooms may call: the collector as an ASGI app, for tests and other servers."""

from __future__ import annotations

from liftline.core.clock import Clock
from liftline.data.collect.contracts import CollectorConfig, Limits
from liftline.data.collect.door import Door
from liftline.data.log.contracts import LogWriter

__all__ = ["CollectorConfig", "Door", "Limits", "create_app"]


def create_app(config: CollectorConfig, writer: LogWriter, clock: Clock | None = None) -> Door:
    """An ASGI app that appends to `writer`; the caller closes the writer after the app."""
    return Door(config, writer, clock)
