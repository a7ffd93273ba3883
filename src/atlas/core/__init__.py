"""Words that every layer shares: errors, clock, ids, randomness, records, canonical JSON, exact money.

Standard library only, no I/O.
"""
