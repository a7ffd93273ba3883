"""What is kept of a run while it goes: append-only JSON lines and atomic files."""
