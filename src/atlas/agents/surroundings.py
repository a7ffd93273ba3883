"""What a planner can tell about the records of a conversation: which are named, which are found, which are meant."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.agents.toolbook import Parameter, ToolReading
from atlas.learning.english import canonical
from atlas.learning.language import (
    SpanType,
)
from atlas.learning.perception import CLIENT, PERSON, Percept, SpanFound
from atlas.learning.situation import ARGUMENTS, PLAIN_FIELDS, RowView, SeenStep, Situation

PLACE_WORDS = frozenset(
    {"for", "with", "at", "of", "from", "to", "on", "in", "client", "customer", "account", "deal", "opportunity"}
)
"""Words before the name of a record that something is done to or for."""

_TARGETS = ("opportunity", "quote", "contact", "client", "contract")
_PERSON_WORDS = 2  # first and last name


def names_in(percept: Percept) -> tuple[SpanFound, ...]:
    """Return the names in a message, those behind a place word first."""
    spans = [span for span in percept.spans if span.type in (SpanType.QUOTED, SpanType.NAME, SpanType.ID)]
    return tuple(sorted(spans, key=lambda span: (span.after not in PLACE_WORDS, span.start)))


def names_for(noun: str, percept: Percept) -> tuple[SpanFound, ...]:
    """Return the names in a message that a record of a kind may have.

    Those that speak for the kind come first; without any, those that speak for none; without those, all.
    """
    wanted = {"contact": PERSON, "staff": PERSON, "company": CLIENT}.get(noun, noun)
    names = names_in(percept)
    return tuple(span for span in names if span.of == wanted) or tuple(span for span in names if not span.of) or names


def person_in(percept: Percept) -> SpanFound | None:
    """Return the name of the person whom a message is about: the one in an e-mail address, else the first free one."""
    names = [span for span in names_in(percept) if span.type is not SpanType.ID]
    mail = next((span.text.lower() for span in percept.of_type(SpanType.EMAIL)), "")
    local = mail.partition("@")[0]
    in_mail = [span for span in names if any(part in local for part in span.text.lower().split() if local)]
    free = [span for span in names if span.after not in PLACE_WORDS - {"of"}]
    ordered = sorted(in_mail or free or names, key=lambda span: span.start)
    return ordered[0] if ordered else None


def target_noun(percept: Percept) -> str:
    """Return the kind of record that a note or file is for: the first one named, else an opportunity."""
    words = [canonical(word) for word, _ in percept.words]
    return next((word for word in words if word in _TARGETS), "opportunity")


def record_noun(parameter: Parameter, percept: Percept) -> str | None:
    """Return the kind of record that an id parameter asks for, None for other parameters."""
    if parameter.name == "entity_id":
        return target_noun(percept)
    return parameter.name.removesuffix("_id") if parameter.name.endswith("_id") else None


def known_id(field: str, situation: Situation) -> str | None:
    """Return the id that the message gives or that results leave no doubt about: newest first, then earlier turns."""
    for span in situation.percept.of_type(SpanType.ID):
        return span.text
    for steps in (situation.steps, situation.earlier):
        for step in reversed(steps):
            for name, rows in step.row_sets.items():
                row = _chosen_row(name, rows, field, situation) if name != ARGUMENTS else None
                if row is not None:
                    return str(row[field])
    return None


def was_called(situation: Situation, tool: ToolReading | None) -> bool:
    """Tell whether a tool was called in the open turn."""
    return tool is not None and any(step.tool == tool.name for step in situation.made)


def searched_with(situation: Situation, lookup: ToolReading, text: str) -> bool:
    """Tell whether a search for ``text`` was made in the open turn."""
    return any(
        step.tool == lookup.name and text in " ".join(str(value) for value in step.row_sets[ARGUMENTS][0].values())
        for step in situation.made
    )


def found_several(step: SeenStep, noun: str) -> bool:
    """Tell whether a call returned more than one record of a kind."""
    field = f"{noun}_id"
    return any(
        len(rows) > 1 and sum(field in row for row in rows) > 1 and next(iter(rows[0])) == field
        for name, rows in step.row_sets.items()
        if name != ARGUMENTS
    )


def list_names(step: SeenStep) -> str:
    """Return the names of what a search found, for a question."""
    rows = next((rows for name, rows in step.row_sets.items() if name not in (ARGUMENTS, PLAIN_FIELDS) and rows), ())
    return ", ".join(full_name(row) for row in rows[:6])


def full_name(row: RowView) -> str:
    """Return the name of a record; a person's first and last name."""
    if "last_name" in row:
        return f"{row.get('first_name', '')} {row['last_name']}".strip()
    shown = row.get("name") or row.get("file_name") or row.get("version") or next(iter(row.values()), "")
    return str(shown)


def name_criteria(lookup: ToolReading, text: str) -> dict[str, object]:
    """Return the criteria with which a search tool looks for a name."""
    if lookup.parameter("last_name") is None:
        return {"name": text}
    first, _, last = text.rpartition(" ")
    return {"first_name": first, "last_name": last} if len(text.split()) == _PERSON_WORDS else {"last_name": last}


def _chosen_row(name: str, rows: Sequence[RowView], field: str, situation: Situation) -> RowView | None:
    having = [row for row in rows if isinstance(row.get(field), str)]
    if len({row[field] for row in having}) == 1 and (len(rows) == 1 or name != PLAIN_FIELDS):
        return having[0]
    if len(having) > 1:
        named = situation.named_row(having)
        exact = {span.text.lower() for percept in situation.percepts for span in names_in(percept)}
        if named is not None and full_name(having[named]).lower() in exact:
            return having[named]
    return None
