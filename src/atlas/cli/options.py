"""Options that several commands share. Each has a twin in the environment, which ``--help`` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from atlas.core.errors import MisuseError

DEFAULT_SEED = 7
LARGEST_SEED = 2**31 - 1
LARGEST_SPLIT = 100_000  # cases
LARGEST_CREW = 256  # processes


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``low`` to ``high``; what it rejects, it names.

    Example:
        >>> whole_number(0, 9)("7")
        7
    """

    def parse(text: str) -> int:
        # a default arrives as the number that it is
        digits = str(text).strip()
        if not digits.removeprefix("-").isdecimal() or not low <= int(digits) <= high:
            raise typer.BadParameter(f"{digits!r} is not a whole number from {low} to {high}")
        return int(digits)

    return parse


def text_or_nothing(text: str) -> str | None:
    """Return ``text``, None where it is blank: an option without a value says nothing.

    Example:
        >>> text_or_nothing("x"), text_or_nothing("")
        ('x', None)
    """
    return text if text.strip() else None


def path_or_nothing(text: str) -> Path | None:
    """Return the path that ``text`` names, None where it is blank; a blank one would be the folder that one is in."""
    return Path(text) if str(text).strip() else None


def refuse_beside(leading: str, **idle: object) -> None:
    """Refuse options that would say nothing beside another one.

    Args:
        leading: The option that was given, such as ``"--stream"``.
        idle: The others by name, with underscores for hyphens; None where they were not given.

    Raises:
        MisuseError: one of them was given.

    Example:
        >>> refuse_beside("--stream", size=None, holdout=None)
    """
    for name, value in idle.items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise MisuseError(f"{option} has no effect beside {leading}; give the one or the other")


SEED_METAVAR = "SEED"
NUMBER_METAVAR = "N"

JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", envvar="ATLAS_JSON", help="Write JSON to stdout instead of text for people.")
]
SeedOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seed",
        envvar="ATLAS_SEED",
        parser=whole_number(0, LARGEST_SEED),
        metavar=SEED_METAVAR,
        help="Seed of the company.",
        show_default=str(DEFAULT_SEED),
    ),
]
OutOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--out", envvar="ATLAS_OUT", help="Folder to write to.", show_default="below artifacts/"),
]
WorkersOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--workers",
        envvar="ATLAS_WORKERS",
        parser=whole_number(1, LARGEST_CREW),
        metavar=NUMBER_METAVAR,
        help="Processes.",
        show_default="from the configuration",
    ),
]
ResumeOption: TypeAlias = Annotated[
    bool, typer.Option("--resume", envvar="ATLAS_RESUME", help="Continue an interrupted run of the same configuration.")
]
ForceOption: TypeAlias = Annotated[
    bool, typer.Option("--force", envvar="ATLAS_FORCE", help="Replace whatever run is in the folder.")
]
ReplaceOption: TypeAlias = Annotated[
    bool, typer.Option("--force", envvar="ATLAS_FORCE", help="Replace what is in that place already.")
]
StreamOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--stream",
        envvar="ATLAS_STREAM",
        parser=whole_number(1, LARGEST_SPLIT),
        metavar=NUMBER_METAVAR,
        help="Cases to learn from. With this or one of the next two, the corpus has the splits that are named.",
        show_default="of --size",
    ),
]
DevOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--dev",
        envvar="ATLAS_DEV",
        parser=whole_number(0, LARGEST_SPLIT),
        metavar=NUMBER_METAVAR,
        help="Cases to tune thresholds on.",
        show_default="of --size",
    ),
]
TestSameOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--test-same",
        envvar="ATLAS_TEST_SAME",
        parser=whole_number(1, LARGEST_SPLIT),
        metavar=NUMBER_METAVAR,
        help="Held-out cases: same families, new wording and entities.",
        show_default="of --size",
    ),
]
