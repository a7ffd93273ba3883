"""The two streams of the command line: stdout is data, stderr is for people."""

from __future__ import annotations

import sys

import typer
from rich.console import Console, RenderableType

from atlas.core.canonical import canonical_json


def tell(message: str) -> None:
    """Write a message for people."""
    typer.echo(message, err=True)


def put_text(text: str) -> None:
    """Write text as data, ending with exactly one newline."""
    typer.echo(text.rstrip("\n"))


def put_json(data: object) -> None:
    """Write JSON data or a record as one canonical line."""
    typer.echo(canonical_json(data))


def put_table(table: RenderableType) -> None:
    """Write a table as data: with colours on a terminal, plain and unwrapped elsewhere."""
    data_console().print(table)


def data_console() -> Console:
    """Return the console on stdout."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def people_console() -> Console:
    """Return the console on stderr."""
    return Console(file=sys.stderr, stderr=True)


PLAIN_WIDTH = 160  # columns of tables that go into a file or a pipe
