"""Choices that samples are made by: drawn from a seed, or by hypothesis, which can then make them simpler.

Whatever draws, the first option is the plainest one; a search that makes a failure smaller moves towards it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chooser:
    """Makes choices.

    Args:
        index: From the number of options to the index of one.

    Example:
        >>> plain = Chooser(lambda size: 0)
        >>> plain.pick("abc"), plain.number(3, 9), plain.one_in(4), plain.some("abc", 2)
        ('a', 3, False, ())
    """

    def __init__(self, index: Callable[[int], int]) -> None:
        self._index = index

    def pick(self, options: Sequence[T]) -> T:
        """Return one of ``options``, of which there has to be one."""
        return options[self._index(len(options))]

    def number(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + self._index(high - low + 1)

    def one_in(self, times: int) -> bool:
        """Return True once in so many times."""
        return self._index(times) == times // 2  # hypothesis draws the last index more often than others

    def some(self, options: Sequence[T], most: int) -> tuple[T, ...]:
        """Return up to ``most`` of ``options``, in their order; seldom the same one twice."""
        places = sorted(self._index(len(options)) for _ in range(self._index(most + 1))) if options else []
        return tuple(options[place] for place in places)


def seeded_chooser(rng: random.Random) -> Chooser:
    """Return what chooses by ``rng``.

    Example:
        >>> seeded_chooser(random.Random(1)).pick("abcdefgh")
        'c'
    """
    return Chooser(rng.randrange)
