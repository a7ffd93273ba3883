"""The one error tree of Atlas, and the exit code that each branch means on the command line.

::

    AtlasError                      1  ran and failed
    ├── MisuseError                 2  the caller can mend it: the message says how
    │   ├── ConfigError                a configuration key or value
    │   ├── InputFileError             a file that is missing or malformed
    │   ├── TooManyCasesError          more cases than a company has room for
    │   └── UnknownNameError           a name that is not in a closed set
    ├── DependencyError             3  something outside Atlas is missing or down
    │   ├── MissingExtraError          an optional package set is not installed
    │   └── StorageError               a database is missing, down or refuses a statement
    │       └── NoFreeSlotError        every copy of a company is in use
    ├── BoundaryError               1  code asked for what it must not see or change
    │   ├── HeldOutGoalError           a teacher asked for the goal of a held-out case
    │   └── FrozenMemoryError          something wrote to a frozen learning memory
    └── CorpusError                 1  a generated corpus broke one of its own promises

An agent's bad action is never an exception: the world answers with an error value (``atlas.crm.records.ToolError``).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

_LISTED_NAMES = 12  # in a message; a longer list hides what is wrong


class AtlasError(Exception):
    """Something in Atlas ran and failed."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False


class MisuseError(AtlasError):
    """The request cannot be carried out as given; nothing was written."""

    exit_code = 2


class ConfigError(MisuseError):
    """A configuration key or value is not one that Atlas understands."""


class InputFileError(MisuseError):
    """An input file is missing or malformed."""


class TooManyCasesError(MisuseError):
    """More cases of a split are asked for than its company has room for.

    Args:
        split: Name of the split.
        wanted: How many cases were asked for.
        room: How many there were before nothing more could be found, which is about how many there can be.
        why: What there was no more of, and what to do, up to "ask for fewer cases".
    """

    def __init__(self, split: str, *, wanted: int, room: int, why: str) -> None:
        self.split = split
        super().__init__(f"there is room for about {room} cases of the split {split!r}, not for {wanted}: {why}")


class UnknownNameError(MisuseError):
    """A name is not in the closed set that it was looked up in.

    Args:
        kind: What the name should have named, such as ``"tool"``.
        name: The offending value.
        known: The allowed names.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        guess = nearest_name(name, self.known)
        listed = ", ".join(self.known[:_LISTED_NAMES])
        rest = len(self.known) - _LISTED_NAMES
        hint = f"did you mean {guess!r}?" if guess else f"known: {listed}" + (f" and {rest} others" if rest > 0 else "")
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class DependencyError(AtlasError):
    """Something outside Atlas that the request needs is missing or down."""

    exit_code = 3
    retryable = True


class MissingExtraError(DependencyError):
    """An optional set of packages is needed and not installed.

    Args:
        extra: Name of the extra, as in ``pip install 'atlas-crm[extra]'``.
        what: What needs it.
    """

    retryable = False

    def __init__(self, extra: str, what: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs the extra {extra!r}; install it with: pip install 'atlas-crm[{extra}]'")


class StorageError(DependencyError):
    """A database is missing, down, or refuses a statement. The message never holds a password."""


class NoFreeSlotError(StorageError):
    """Every copy of a company is in use by another episode."""


class BoundaryError(AtlasError):
    """Code asked for something that it must not see or change."""


class HeldOutGoalError(BoundaryError):
    """A teacher asked for the goal of a case that is not in the stream split."""


class FrozenMemoryError(BoundaryError):
    """Something tried to write to a learning memory that is frozen for a test."""


class CorpusError(AtlasError):
    """A generated corpus broke one of its own promises."""


def nearest_name(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """Return the known name most like ``name``, or None when none is close.

    Args:
        name: What was given.
        known: The names that there are.
        cutoff: Least likeness of two names, from 0 (nothing in common) to 1 (the same).

    Example:
        >>> nearest_name("client_nam", ["client_id", "client_name", "amount"])
        'client_name'
        >>> nearest_name("zebra", ["client_id"]) is None
        True
    """
    close = difflib.get_close_matches(name.casefold(), sorted(known), n=1, cutoff=cutoff)
    return close[0] if close else None
