"""The tools of the world: one file per kind of record, one definition behind schema, checks and reference page."""
