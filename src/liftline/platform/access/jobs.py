"""What the access room does by the clock."""

from __future__ import annotations

from liftline.core.room import Provide
from liftline.platform.access.api import Access


def forget_revoked_keys(provide: Provide) -> None:
    """Drop keys that were revoked long ago: processes mint theirs anew at each start."""
    provide(Access).keys.forget_revoked()
