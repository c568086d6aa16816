"""Migrations in order; expand first, contract in a later version."""
