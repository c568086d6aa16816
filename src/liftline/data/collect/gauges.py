"""What the collector counts, and how Prometheus reads it. Plain integers: no client library,
which would cost memory and a lock per count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from liftline.data.log.contracts import COMMIT_BUCKETS_S, LogStats, WriterHealth

PREFIX = "liftline_collector_"


@dataclass(slots=True)
class Gauges:
    """Counts since the start of the process; `rejected` is by code, `answers` by status."""

    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    body_bytes: int = 0

    @property
    def received(self) -> int:
        return self.accepted + self.rejected.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read at the moment of the question."""

    log: LogStats
    writer: WriterHealth
    dead_letters_capped: int
    keys_version: int
    plan_version: int
    receiving_bytes: int


def render(gauges: Gauges, reading: Reading) -> bytes:
    """The page in Prometheus' text format."""
    lines: list[str] = []
    single = (
        ("received_events_total", "counter", gauges.received),
        ("accepted_events_total", "counter", gauges.accepted),
        ("dead_letters_capped_total", "counter", reading.dead_letters_capped),
        ("body_bytes_total", "counter", gauges.body_bytes),
        ("pending_bytes", "gauge", reading.writer.pending_bytes),
        ("receiving_bytes", "gauge", reading.receiving_bytes),
        ("log_failed", "gauge", int(bool(reading.writer.failure))),
        ("log_epoch", "gauge", reading.log.durable.epoch),
        ("log_sequence", "gauge", reading.log.durable.sequence),
        ("log_offset_bytes", "gauge", reading.log.durable.offset),
        ("log_records_total", "counter", reading.log.next_ordinal),
        ("log_events_total", "counter", reading.log.events),
        ("log_size_bytes", "gauge", reading.log.size_bytes),
        ("log_segments", "gauge", reading.log.segments),
        ("keys_version", "gauge", reading.keys_version),
        ("plan_version", "gauge", reading.plan_version),
    )
    for name, kind, value in single:
        lines += (f"# TYPE {PREFIX}{name} {kind}", f"{PREFIX}{name} {value}")
    lines.append(f"# TYPE {PREFIX}rejected_events_total counter")
    for code, count in sorted(gauges.rejected.items()):
        lines.append(f'{PREFIX}rejected_events_total{{code="{code}"}} {count}')
    lines.append(f"# TYPE {PREFIX}answers_total counter")
    for status, count in sorted(gauges.answers.items()):
        lines.append(f'{PREFIX}answers_total{{status="{status}"}} {count}')
    lines += _histogram(reading.writer)
    return ("\n".join(lines) + "\n").encode("ascii")


def _histogram(writer: WriterHealth) -> list[str]:
    name = f"{PREFIX}commit_seconds"
    lines = [f"# TYPE {name} histogram"]
    total = 0
    for bound, count in zip((*COMMIT_BUCKETS_S, "+Inf"), writer.commit_counts, strict=True):
        total += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
    return [*lines, f"{name}_sum {writer.commit_s_total:.6f}", f"{name}_count {total}"]
