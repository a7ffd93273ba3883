"""Identifiers: content hashes for things that are content, seeded UUIDs for events and rows."""

from __future__ import annotations

import random
import uuid

from atlas.core.canonical import content_hash


def content_id(prefix: str, content: object) -> str:
    """Return ``prefix-`` and the first 16 hex digits of the content hash of ``content``.

    Example:
        >>> content_id("sc", {"a": 1}) == content_id("sc", {"a": 1})
        True
    """
    return f"{prefix}-{content_hash(content)[:16]}"


def draw_uuid(rng: random.Random) -> str:
    """Return a random (version 4) UUID drawn from ``rng``.

    Example:
        >>> draw_uuid(random.Random(1))
        'cd613e30-d8f1-4adf-91b7-584a2265b1f5'
    """
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
