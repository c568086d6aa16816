"""The SQL of jobs: due-table, outbox, and their leases."""
