"""The segment log's two ports, for the composition root."""

from __future__ import annotations

from liftline.adapters.event_log.segment_reader import SegmentLogReader
from liftline.adapters.event_log.segment_writer import SegmentLimits, SegmentLogWriter

__all__ = ["SegmentLimits", "SegmentLogReader", "SegmentLogWriter"]
