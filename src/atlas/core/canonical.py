"""Canonical JSON (sorted keys, no spaces, UTF-8) and the content hash taken over it."""

from __future__ import annotations

import hashlib
import json

from atlas.core.records import as_json


def canonical_json(value: object) -> str:
    """Return the one JSON text of ``value``: equal values give equal texts.

    Args:
        value: JSON data, or a record (see ``atlas.core.records``), nested to any depth.

    Raises:
        TypeError: a part of ``value`` has no JSON form.
        ValueError: a number is NaN or infinite.

    Example:
        >>> canonical_json({"b": (1, 2), "a": "é"})
        '{"a":"é","b":[1,2]}'
    """
    return json.dumps(as_json(value), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def content_hash(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
