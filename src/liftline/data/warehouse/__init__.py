"""Loads the log exactly once, runs dbt, answers queries."""
