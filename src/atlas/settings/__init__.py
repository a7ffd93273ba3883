"""From environment, files and flags to plain values; the only reader of the process environment."""
