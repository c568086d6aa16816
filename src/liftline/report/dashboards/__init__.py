"""Pages: overview, live events, data health."""
