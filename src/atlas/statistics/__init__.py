"""Statistics: intervals and paired tests. Pure functions of numbers; no I/O."""
