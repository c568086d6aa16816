"""Adapters of the StateStore port."""
