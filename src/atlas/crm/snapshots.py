"""Snapshots: every row of a company as lines of text, and back; the same rows give the same bytes.

The first line is the header: format, content hash, counts and where the rows came from. Every other line is one row,
``["Client", {...}]`` with stored values, by kind and id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError, MisuseError
from atlas.core.records import record
from atlas.crm.fields import FieldKind
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, FieldValue
from atlas.crm.schema import SCHEMA
from atlas.settings.parsing import parse_json, parse_record

FORMAT: Final = "atlas-crm-snapshot/1"


@record
class SnapshotHeader:
    """What the first line of a snapshot says.

    Attributes:
        format: Name and version of the format.
        content_hash: Hash of all rows, as :meth:`FrozenBase.content_hash` gives it.
        rows: Number of rows of each kind.
        origin: Where the rows came from, for people.
    """

    format: str
    content_hash: str
    rows: Mapping[Entity, int]
    origin: str


@record
class Snapshot:
    """Every row of a company, and the header that was written above them."""

    header: SnapshotHeader
    base: FrozenBase


def snapshot_of(base: FrozenBase, *, origin: str) -> Snapshot:
    """Return the snapshot of ``base``.

    Example:
        >>> base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> snapshot_of(base, origin="an example").header.rows[Entity.CLIENT]
        1
    """
    counts = {entity: len(base.rows(entity)) for entity in Entity}
    return Snapshot(SnapshotHeader(FORMAT, base.content_hash(), counts, origin), base)


def snapshot_lines(snapshot: Snapshot) -> Iterator[str]:
    """Yield the lines of a snapshot file, each without its line break."""
    yield canonical_json(snapshot.header)
    for entity in Entity:
        for row in snapshot.base.rows(entity):
            yield canonical_json([entity, row])


def parse_snapshot(lines: Iterable[str], where: str) -> Snapshot:
    """Return the snapshot that ``lines`` hold.

    Args:
        lines: Lines of a snapshot file; blank ones are skipped.
        where: Name of the file, for messages.

    Raises:
        InputFileError: it is no snapshot, of another version, malformed, cut short, or changed since it was written.

    Example:
        >>> base = FrozenBase.build({Entity.CLIENT: [{"client_id": "c1", "name": "Halden Foods"}]})
        >>> lines = list(snapshot_lines(snapshot_of(base, origin="an example")))
        >>> parse_snapshot(lines, "example").base.content_hash() == base.content_hash()
        True
    """
    numbered = ((f"{where}:{number}", line) for number, line in enumerate(lines, start=1) if line.strip())
    header = _parse_header(next(numbered, (where, "null")))
    rows: dict[Entity, list[dict[str, FieldValue]]] = {entity: [] for entity in Entity}
    for place, line in numbered:
        entity, row = _parse_row(line, place)
        rows[entity].append(row)
    try:
        base = FrozenBase.build(rows)
    except MisuseError as exc:
        raise InputFileError(f"{where}: {exc}") from exc
    counts = {entity: len(base.rows(entity)) for entity in Entity}
    if counts != dict(header.rows) or base.content_hash() != header.content_hash:
        raise InputFileError(
            f"{where} was cut short or changed: its header promises {sum(header.rows.values())} rows with the hash "
            f"{header.content_hash}, it holds {sum(counts.values())} with {base.content_hash()}"
        )
    return Snapshot(header, base)


def _parse_header(first: tuple[str, str]) -> SnapshotHeader:
    place, line = first
    data = parse_json(line, place)
    form = cast("dict[str, object]", data).get("format") if isinstance(data, dict) else None
    if form != FORMAT:
        if isinstance(form, str) and form.startswith(FORMAT.partition("/")[0]):
            raise InputFileError(f"{place}: a snapshot of another version, {form!r}; this program reads {FORMAT!r}")
        raise InputFileError(f"{place}: not a snapshot: its first line has to be a header with the format {FORMAT!r}")
    header = parse_record(SnapshotHeader, cast("object", data), place)
    if not header.origin.isprintable():
        raise InputFileError(f"{place}: `origin` is one line without control characters, not {header.origin!r}")
    return header


def _parse_row(line: str, place: str) -> tuple[Entity, dict[str, FieldValue]]:
    data = parse_json(line, place)
    pair = cast("list[object]", data) if isinstance(data, list) else []
    kind = pair[0] if len(pair) == _PAIR and isinstance(pair[1], dict) else None
    if not isinstance(kind, str) or kind not in _ENTITIES:
        raise InputFileError(f'{place}: not a row: a line is ["Client", {{"client_id": ..., ...}}] or another kind')
    entity = Entity(kind)
    row = cast("dict[str, FieldValue]", pair[1])
    for name in _LIST_FIELDS[entity]:
        if isinstance(row.get(name), list):
            row[name] = tuple(cast("Iterable[str]", row[name]))
    return entity, row


_PAIR = 2  # a kind and a row
_ENTITIES = frozenset(entity.value for entity in Entity)
_LIST_FIELDS: Mapping[Entity, tuple[str, ...]] = {
    entity: tuple(field.name for field in definition.fields if field.kind is FieldKind.NAMES)
    for entity, definition in SCHEMA.items()
}
