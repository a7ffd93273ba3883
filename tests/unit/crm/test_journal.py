"""The net changes are what is different, whatever happened in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.journal import fold
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Change, Entity, Row

SEED: dict[str, Row] = {"n1": {"note_id": "n1", "content": "a"}, "n2": {"note_id": "n2", "content": "b"}}

WRITES = st.lists(
    st.tuples(st.sampled_from(["n1", "n2", "n3"]), st.none() | st.sampled_from(["a", "b", "c"])), max_size=12
)


@given(WRITES)
def test_the_net_changes_lead_from_the_start_to_the_end(writes: list[tuple[str, str | None]]) -> None:
    """Applied to the rows before, they give the rows after; none of them is idle, and no row occurs twice."""
    base = FrozenBase.build({Entity.NOTE: list(SEED.values())})
    store = base.fork()
    start = {row_id: store.get(Entity.NOTE, row_id) for row_id in ("n1", "n2", "n3")}
    for number, (row_id, content) in enumerate(writes):
        known = dict(store.get(Entity.NOTE, "n1") or {}) or dict.fromkeys(base.rows(Entity.NOTE)[0])
        row = None if content is None else {**known, "note_id": row_id, "content": content}
        store.write(Entity.NOTE, row_id, row, cause=f"{number}:test")
    net = fold(store.journal())
    end = dict(start)
    for change in net:
        assert change.before == start[change.id]
        assert change.before != change.after
        end[change.id] = change.after
    assert len({change.id for change in net}) == len(net)
    assert end == {row_id: store.get(Entity.NOTE, row_id) for row_id in start}


def test_rows_come_in_the_order_in_which_they_were_first_touched() -> None:
    """And carry the cause of the last write."""
    one = Change(Entity.NOTE, "n1", None, {"content": "a"}, "1:add_note")
    two = Change(Entity.NOTE, "n2", None, {"content": "b"}, "2:add_note")
    again = Change(Entity.NOTE, "n1", {"content": "a"}, {"content": "c"}, "3:edit")
    assert fold([one, two, again]) == (Change(Entity.NOTE, "n1", None, {"content": "c"}, "3:edit"), two)


def test_rows_of_different_kinds_are_different_rows_even_with_one_id() -> None:
    """Ids are unique within a kind only."""
    note = Change(Entity.NOTE, "1", None, {"content": "a"}, "1:x")
    quote = Change(Entity.QUOTE, "1", {"version": "1"}, None, "2:y")
    assert fold([note, quote]) == (note, quote)
