"""Whole companies into PostgreSQL and back: as slots that episodes lease, and as named worlds."""
