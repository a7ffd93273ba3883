"""Experiments: arms that differ in memory only, run on the same cases, and claims with intervals."""
