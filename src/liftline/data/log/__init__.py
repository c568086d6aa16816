"""The durable log that every event goes through."""
