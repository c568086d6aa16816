"""The composition root: settings, wiring, processes, http, cli."""
