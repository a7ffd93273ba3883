"""SQL that has a name: blocks in files that lie beside the code that runs them.

A block begins with ``-- name: lock_slot``; the comment lines below it say what it is for and are not part of it; the
rest is SQL, up to the next block::

    -- name: lock_slot
    -- Takes a free copy of a company; copies that others use are skipped, not waited for.
    select id from crm.slots where company = %(company)s limit 1 for update skip locked;
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import LiteralString, cast

_HEAD = re.compile(r"^--\s*name:(?P<name>.*)$", flags=re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def load_queries(package: str, file: str) -> Mapping[str, LiteralString]:
    """Return the blocks of a file of a package by name.

    The texts are as literal as the code that runs them, so they count as literals: only parameters come from outside.

    Args:
        package: The package, such as ``"atlas.crm"``.
        file: Path of the file in it, such as ``"sql/slots.sql"``.

    Raises:
        ValueError: the file is not written as described above.
    """
    text = resources.files(package).joinpath(*file.split("/")).read_text(encoding="utf-8")
    return cast("Mapping[str, LiteralString]", parse_queries(text, f"{package}/{file}"))


def parse_queries(text: str, where: str) -> Mapping[str, str]:
    r"""Return the blocks of ``text`` by name.

    Args:
        text: What a file holds.
        where: What an error message starts with.

    Raises:
        ValueError: a name is missing, malformed or taken twice, a block has no comment or no SQL, or something stands
            in front of the first block.

    Example:
        >>> dict(parse_queries("-- name: one\n-- The number one.\nselect 1;\n", "numbers.sql"))
        {'one': 'select 1;'}
    """
    heads = list(_HEAD.finditer(text))
    before = text[: heads[0].start()] if heads else text
    if [line for line in before.splitlines() if line.strip() and not line.startswith("--")]:
        raise ValueError(f"{where}: SQL in front of the first line '-- name: ...'")
    ends = [*(head.start() for head in heads[1:]), len(text)]
    queries: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=False):  # without heads there is one end too many
        name = head["name"].strip()
        if not _NAME.fullmatch(name):
            raise ValueError(f"{where}: {name!r} is no name for a query; use lower-case letters, digits and _")
        if name in queries:
            raise ValueError(f"{where}: two queries are named {name!r}")
        queries[name] = _body(text[head.end() : end], f"{where}: the query {name!r}")
    return MappingProxyType(queries)


def _body(block: str, what: str) -> str:
    lines = block.strip().splitlines()
    comment = 0
    while comment < len(lines) and lines[comment].startswith("--"):
        comment += 1
    if comment == 0:
        raise ValueError(f"{what} has no comment that says what it is for")
    body = "\n".join(lines[comment:]).strip()
    if not body:
        raise ValueError(f"{what} has no SQL")
    return body
