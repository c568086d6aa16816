"""Adapters of the EventLog ports."""
