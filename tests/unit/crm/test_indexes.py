"""Whatever an index answers, looking at every row would answer too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.indexes import Shelf, predicate
from atlas.crm.records import Row
from atlas.crm.store import Criterion, Operator

TEXTS = st.text(alphabet="abAB \x00ßß", max_size=4)
ROWS = st.lists(st.none() | TEXTS, max_size=8).map(
    lambda texts: {f"n{place}": {"note_id": f"n{place}", "content": text} for place, text in enumerate(texts)}
)


@given(rows=ROWS, part=TEXTS, operator=st.sampled_from([Operator.CONTAINS, Operator.EQUALS]))
def test_an_index_finds_what_a_scan_finds(rows: dict[str, Row], part: str, operator: Operator) -> None:
    """For every text, the empty one and those with separators included, in rows first and last."""
    criterion = Criterion("content", operator, part)
    fulfils = predicate(criterion)
    shelf = Shelf("note_id", rows)
    assert list(shelf.find((criterion,), (None, False)).rows) == [row for row in rows.values() if fulfils(row)]


def test_answers_are_given_again_as_long_as_they_are_kept() -> None:
    """The second search for the same costs nothing."""
    shelf = Shelf("note_id", {"n1": {"note_id": "n1", "content": "a"}})
    criteria = (Criterion("content", Operator.CONTAINS, "a"),)
    assert shelf.find(criteria, (None, False)) is shelf.find(criteria, (None, False))
    assert shelf.find(criteria, (None, False)).ids == {"n1"}
