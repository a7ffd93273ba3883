"""From everything that happened to what is different now."""

from __future__ import annotations

from collections.abc import Iterable

from atlas.crm.records import Change, Entity


def fold(journal: Iterable[Change]) -> tuple[Change, ...]:
    """Return the net changes, one per row, in the order in which the rows were first touched.

    A row that was created and deleted again vanishes, and so does an update to the values that were there before. The
    cause is that of the last write to the row.

    Example:
        >>> made = Change(Entity.NOTE, "n1", None, {"note_id": "n1"}, "1:add_note")
        >>> gone = Change(Entity.NOTE, "n1", {"note_id": "n1"}, None, "2:delete_note")
        >>> fold([made]) == (made,), fold([made, gone])
        (True, ())
    """
    net: dict[tuple[Entity, str], Change] = {}
    for change in journal:
        key = (change.entity, change.id)
        first = net.get(key)
        if first is not None:
            net[key] = Change(change.entity, change.id, first.before, change.after, change.cause)
        else:
            net[key] = change
    return tuple(change for change in net.values() if change.before != change.after)
