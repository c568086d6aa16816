"""What the collector counts, and how Prometheus reads it. Plain integers: no client library,
which would cost memory and a lock per count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from liftline.data.log.contracts import COMMIT_BUCKETS_S, LogStats, WriterHealth


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
    """What is read at the moment; `snapshots` are name, version, whether the newest is damaged."""

    log: LogStats
    writer: WriterHealth
    dead_letters_capped: int
    snapshots: tuple[tuple[str, int, bool], ...]
    receiving_bytes: int
    clock_skew_s: float


def render(gauges: Gauges, reading: Reading) -> bytes:
    """The page in Prometheus' text format."""
    lines: list[str] = []
    single = (
        ("liftline_collector_received_events_total", "counter", gauges.received),
        ("liftline_collector_accepted_events_total", "counter", gauges.accepted),
        ("liftline_collector_dead_letters_capped_total", "counter", reading.dead_letters_capped),
        ("liftline_collector_body_bytes_total", "counter", gauges.body_bytes),
        ("liftline_collector_pending_bytes", "gauge", reading.writer.pending_bytes),
        ("liftline_collector_receiving_bytes", "gauge", reading.receiving_bytes),
        ("liftline_collector_clock_skew_seconds", "gauge", reading.clock_skew_s),
        ("liftline_collector_log_failed", "gauge", int(bool(reading.writer.failure))),
        ("liftline_collector_log_epoch", "gauge", reading.log.durable.epoch),
        ("liftline_collector_log_sequence", "gauge", reading.log.durable.sequence),
        ("liftline_collector_log_offset_bytes", "gauge", reading.log.durable.offset),
        ("liftline_collector_log_records_total", "counter", reading.log.next_ordinal),
        ("liftline_collector_log_events_total", "counter", reading.log.events),
        ("liftline_collector_log_size_bytes", "gauge", reading.log.size_bytes),
        ("liftline_collector_log_segments", "gauge", reading.log.segments),
    )
    for name, kind, value in single:
        lines += (f"# TYPE {name} {kind}", f"{name} {value}")
    lines.append("# TYPE liftline_collector_rejected_events_total counter")
    for code, count in sorted(gauges.rejected.items()):
        lines.append(f'liftline_collector_rejected_events_total{{code="{code}"}} {count}')
    lines.append("# TYPE liftline_collector_answers_total counter")
    for status, count in sorted(gauges.answers.items()):
        lines.append(f'liftline_collector_answers_total{{status="{status}"}} {count}')
    for kind in ("version", "damaged"):
        lines.append(f"# TYPE liftline_control_{kind} gauge")
    for name, version, is_damaged in reading.snapshots:
        lines.append(f'liftline_control_version{{name="{name}"}} {version}')
        lines.append(f'liftline_control_damaged{{name="{name}"}} {int(is_damaged)}')
    lines += _histogram(reading.writer)
    return ("\n".join(lines) + "\n").encode("ascii")


def _histogram(writer: WriterHealth) -> list[str]:
    name = "liftline_collector_commit_seconds"
    lines = [f"# TYPE {name} histogram"]
    total = 0
    for bound, count in zip((*COMMIT_BUCKETS_S, "+Inf"), writer.commit_counts, strict=True):
        total += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
    return [*lines, f"{name}_sum {writer.commit_s_total:.6f}", f"{name}_count {total}"]
