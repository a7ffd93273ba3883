"""A snapshot holds every row, and a file that is not what its header says is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atlas.core.errors import InputFileError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.snapshots import parse_snapshot, snapshot_lines, snapshot_of

ROWS: dict[Entity, list[Row]] = {
    Entity.CLIENT: [{"client_id": "c2", "name": "Straße\u2028\n"}, {"client_id": "c1", "name": ""}],
    Entity.OPPORTUNITY: [{"opportunity_id": "o1", "client_id": "gone", "amount": -5, "close_date": "not a day"}],
    Entity.COMPANY: [{"company_id": "p1", "name": "Tiber", "contacts": ("A. Bell", "B. Moor")}],
}


def lines_of(rows: dict[Entity, list[Row]] = ROWS) -> list[str]:
    return list(snapshot_lines(snapshot_of(FrozenBase.build(rows), origin="a test")))


def test_a_snapshot_gives_the_same_rows_back() -> None:
    """Everything comes back as it was stored: imported rows that break rules, lists, line separators, empty texts."""
    base = FrozenBase.build(ROWS)
    found = parse_snapshot(lines_of(), "file")
    assert found.header.origin == "a test"
    assert found.base.content_hash() == base.content_hash()
    assert [found.base.rows(entity) for entity in Entity] == [base.rows(entity) for entity in Entity]


def test_equal_rows_give_equal_bytes() -> None:
    """The order in which rows were built makes no difference."""
    assert lines_of() == lines_of({entity: rows[::-1] for entity, rows in reversed(ROWS.items())})


def test_every_line_stays_one_line() -> None:
    """Line breaks in texts are escaped, so that a file can be cut at line feeds."""
    assert not any("\n" in line for line in lines_of())


Spoil = Callable[[list[str]], list[str]]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "empty": (lambda lines: lines[:0], "file: not a snapshot"),
    "other-json": (lambda lines: ["{}", *lines], "file:1: not a snapshot"),
    "no-json": (lambda lines: ["hello", *lines], "file:1: not valid JSON"),
    "version": (lambda lines: [lines[0].replace("/1", "/2"), *lines[1:]], "file:1: a snapshot of another"),
    "origin": (lambda lines: [lines[0].replace("a test", "a\\u0000test"), *lines[1:]], "file:1: `origin` is"),
    "nested": (lambda lines: [*lines, "[" * 200_000], "file:6: cannot be read: it is nested too deep"),
    "digits": (lambda lines: [*lines, f'["Note",{{"x":{"9" * 5000}}}]'], "file:6: cannot be read: it holds a number"),
    "kind-is-a-list": (lambda lines: [*lines, '[["Client"],{}]'], "file:6: not a row"),
    "no-row": (lambda lines: [*lines, "[1]"], "file:6: not a row"),
    "kind": (lambda lines: [*lines, '["Robot",{}]'], "file:6: not a row"),
    "field": (lambda lines: [*lines, '["Note",{"age":1}]'], "file: note 0: unknown field 'age'"),
    "twice": (lambda lines: [*lines, lines[1]], "file: client 2: another client has"),
    "cut": (lambda lines: lines[:-1], "file was cut short or changed: its header promises 4 rows"),
    "changed": (lambda lines: [line.replace("-5", "-6") for line in lines], "file was cut short or changed"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_no_whole_snapshot_is_refused(spoil: Callable[[list[str]], list[str]], message: str) -> None:
    """Nothing is restored from a file that is cut, changed or something else; the message says where."""
    with pytest.raises(InputFileError) as caught:
        parse_snapshot(spoil(lines_of()), "file")
    assert str(caught.value).startswith(message)
