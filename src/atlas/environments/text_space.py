"""The space of texts in observations: Gymnasium's own, but for one way to pass them between processes."""

from __future__ import annotations

import string
from typing import Any, Never

from atlas.environments.extras import require

_READY = require("gymnasium", "a space of texts")

from gymnasium.error import CustomSpaceError  # noqa: E402 - the line above says which extra is missing
from gymnasium.spaces import Text  # noqa: E402 - as above
from gymnasium.vector.utils import (  # noqa: E402 - as above
    create_shared_memory,  # pyright: ignore[reportUnknownVariableType] - of arrays of unknown kind
)


class PrintableText(Text):
    """Texts of printable ASCII.

    Args:
        max_length: Characters that a text may have.
        min_length: Characters that it has to have.

    Example:
        >>> "[1, 2]" in PrintableText(10), "Zoë" in PrintableText(10)
        (True, False)
    """

    def __init__(self, max_length: int, *, min_length: int = 1) -> None:
        super().__init__(max_length, min_length=min_length, charset=string.printable)


@create_shared_memory.register(PrintableText)
def refuse_shared_memory(space: PrintableText, *_: Any, **__: Any) -> Never:  # noqa: ANN401 - number and context
    """Keep an ``AsyncVectorEnv`` from passing texts through shared memory; it then says how to pass them otherwise.

    Gymnasium (1.4) reads texts from the shared memory once, before anything is in it, and would return nothing but
    zeros for ever.

    Raises:
        CustomSpaceError: always.
    """
    raise CustomSpaceError(f"texts of up to {space.max_length} characters cannot be shared; pass shared_memory=False")
