"""What the audit room does by the clock."""

from __future__ import annotations

from liftline.core.room import Provide
from liftline.platform.audit.api import verify_chain
from liftline.platform.state.contracts import StateStore


def verify(provide: Provide) -> None:
    """Walk the chain; its gauge raises the alert when an entry does not fit."""
    with provide(StateStore).read() as connection:  # type: ignore[type-abstract]
        verify_chain(connection)
