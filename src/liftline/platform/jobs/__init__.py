"""Timers and jobs: a due-table with leases, fences and an outbox."""
