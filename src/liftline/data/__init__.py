"""What is known: events, log, collector, warehouse, metrics."""
