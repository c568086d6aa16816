"""Versioned snapshots that the hot processes read from disk."""
