"""Secrets with two live versions, encrypted at rest."""
