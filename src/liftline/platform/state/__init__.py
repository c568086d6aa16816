"""The operational database: one contract, SQLite or PostgreSQL."""
