"""The history of the operational schema, one file per step."""
