"""The optional packages of this room, and what a user reads when they are missing."""

from __future__ import annotations

import importlib.util
from typing import Literal, TypeAlias

from atlas.core.errors import MissingExtraError

Extra: TypeAlias = Literal["gymnasium", "mcp"]
"""An extra; it is named after the package that it brings."""


def require(extra: Extra, what: str) -> None:
    """Do nothing where the package of ``extra`` is installed.

    Args:
        extra: The extra.
        what: What needs it, for the message.

    Raises:
        MissingExtraError: it is not installed.
    """
    if importlib.util.find_spec(extra) is None:
        raise MissingExtraError(extra, what)
