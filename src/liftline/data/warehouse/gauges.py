"""What the warehouse process tells Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from liftline.data.warehouse.contracts import BuildResult
from liftline.data.warehouse.loader import LoadReport

NAMES: Final = (
    "liftline_warehouse_ingest_delay_seconds_p95",
    "liftline_warehouse_pending_seconds",
    "liftline_warehouse_loaded_events_total",
    "liftline_warehouse_pending_events",
    "liftline_warehouse_conflicts_total",
    "liftline_warehouse_load_failures_total",
    "liftline_warehouse_load_seconds",
    "liftline_warehouse_loader_stopped",
    "liftline_warehouse_load_postponed",
    "liftline_warehouse_last_build_ok",
    "liftline_warehouse_last_build_seconds",
    "liftline_warehouse_file_bytes",
    "liftline_warehouse_bytes_per_million_events",
)


class Gauges:
    """One process's metrics, in a registry of their own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()

        def gauge(name: str, meaning: str) -> Gauge:
            return Gauge(f"liftline_warehouse_{name}", meaning, registry=registry)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"liftline_warehouse_{name}", meaning, labels, registry=registry)

        self.delay_p95 = gauge(
            "ingest_delay_seconds_p95",
            "95 % of the last hour's events were queryable within this (bucket bound).",
        )
        self.pending_age = gauge(
            "pending_seconds", "How long events have been waiting to be loaded."
        )
        self.pending = gauge("pending_events", "Durable events that are not loaded yet.")
        self.loaded = counter(
            "loaded_events", "Events loaded, by what became of them.", "disposition"
        )
        self.conflicts = counter("conflicts", "Events that reused a message id with another body.")
        self.failures = counter(
            "load_failures", "Records that could not be loaded and were set aside."
        )
        self.load_seconds = Histogram(
            "liftline_warehouse_load_seconds",
            "How long loads took.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
            registry=registry,
        )
        self.is_stopped = gauge("loader_stopped", "1 while loading has stopped on purpose.")
        self.is_postponed = gauge(
            "load_postponed", "1 while a load waits for memory or disk and is tried again."
        )
        self.build_ok = gauge("last_build_ok", "1 when the last dbt build and its tests passed.")
        self.build_seconds = gauge("last_build_seconds", "How long the last dbt build took.")
        self.file_bytes = gauge(
            "file_bytes", "Size of the warehouse file with its write-ahead log."
        )
        self.bytes_per_million = gauge(
            "bytes_per_million_events", "Disk growth: file size for each million events loaded."
        )

    def note_load(self, report: LoadReport) -> None:
        found = report.dispositions
        for name in (
            "accepted",
            "duplicate",
            "semantic_duplicate",
            "conflict",
            "rejected",
            "erased",
        ):
            self.loaded.labels(disposition=name).inc(getattr(found, name))
        self.conflicts.inc(found.conflict)
        self.failures.inc(report.load_failures)
        self.load_seconds.observe(report.wall_s)

    def note_build(self, result: BuildResult) -> None:
        self.build_ok.set(1 if result.is_ok else 0)
        self.build_seconds.set(result.duration_s)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
