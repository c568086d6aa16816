"""Words everyone uses; no I/O."""
