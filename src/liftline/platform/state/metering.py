"""How the operational database is doing, as the adapters measure it."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

WRITE_SECONDS: Final = Histogram(
    "liftline_state_write_seconds",
    "Write transactions from asking for the writer to the commit.",
    ["dialect"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 5.0),
)
BUSY: Final = Counter(
    "liftline_state_busy", "Transactions refused because the engine was busy or away.", ["dialect"]
)
