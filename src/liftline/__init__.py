"""Liftline takes a change from commit to proven value."""

__version__ = "0.1.0"
