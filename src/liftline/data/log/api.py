"""What other rooms may call: the whole log verified."""

from __future__ import annotations

from liftline.data.log.check import check_log

__all__ = ["check_log"]
