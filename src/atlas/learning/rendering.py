"""The text of a lesson: rendered from its program, readable by people and models, and read back without loss.

The first lines say in English what the lesson does; the line behind ``program:`` is the program as canonical JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.core.canonical import canonical_json
from atlas.core.errors import InputFileError
from atlas.core.records import record
from atlas.learning.language import (
    Adjusted,
    Arg,
    ClockDate,
    Cond,
    Const,
    Derived,
    Entity,
    Every,
    Guarded,
    KindOf,
    Lex,
    Phrase,
    Prev,
    Read,
    Ref,
    Source,
    Span,
    Staff,
    Template,
    Where,
    Wrapped,
)
from atlas.learning.playbooks import Playbook
from atlas.learning.programs import (
    Follow,
    Glossary,
    Habit,
    LeaveToDefault,
    Program,
    Repair,
    ReplyPlan,
    Slot,
    StepPlan,
    Table,
    Workflow,
)
from atlas.settings.parsing import parse_json, parse_record

_PROGRAM_MARK = "\nprogram: "


@record
class _Holder:
    """A program by itself, for the parser."""

    program: Program


def render(playbook: Playbook) -> str:
    """Return the text of a playbook: what calls it to mind, what it does, and its program."""
    lines = [f"{playbook.kind.value} {playbook.id} ({playbook.state.value}, level {playbook.level})"]
    if playbook.cue.terms:
        lines.append(f"when a message is about: {', '.join(playbook.cue.terms)}")
    lines += [f"and {guard.feature} {guard.comparison.value} {guard.value}" for guard in playbook.cue.when]
    if playbook.cue.on_error:
        lines.append(f"after the error: {playbook.cue.on_error}")
    lines += _describe(playbook.program)
    evidence = playbook.evidence
    lines.append(
        f"evidence: {len(evidence.cases)} cases, followed {evidence.followed_ok} times rightly, "
        f"{evidence.followed_bad} times wrongly"
    )
    return "\n".join(lines) + _PROGRAM_MARK + canonical_json(playbook.program)


def parse(text: str) -> Program:
    """Return the program in a rendered text: ``parse(render(playbook)) == playbook.program``.

    Raises:
        InputFileError: the text holds no program, or one that is not in the closed language.
    """
    _, mark, notation = text.partition(_PROGRAM_MARK)
    if not mark:
        raise InputFileError("the text of a lesson has no line 'program: …'; render it with atlas.learning.rendering")
    data = parse_json(notation.strip(), "program of a lesson")
    return parse_record(_Holder, {"program": data}, "program of a lesson").program


def describe_source(source: Source) -> str:
    """Return where a value comes from, in a few words.

    Example:
        >>> describe_source(ClockDate(30)), describe_source(Lex("stage"))
        ('today + 30 day', 'the word for stage')
    """
    match source:
        case Span() | Wrapped() | Read() | Lex():
            return _describe_heard(source)
        case Arg() | KindOf() | Staff():
            return _describe_given(source)
        case Entity() | Ref() | Prev() | Every():
            return _describe_seen(source)
        case _:
            return _describe_made(source)


def _describe_heard(source: Span | Wrapped | Read | Lex) -> str:
    match source:
        case Span():
            place = f" after {source.after!r}" if source.after else f" no. {source.nth + 1}"
            part = "" if source.part.value == "whole" else f" ({source.part.value})"
            kind = f" of a {source.of}" if source.of else ""
            return f"{source.type.value}{kind}{place}{part}{_describe_back(source.back)}"
        case Wrapped():
            return f"the text from {source.left or 'the start'!r} to {source.right or 'the end'!r}"
        case Read():
            return f"{describe_source(source.what)} in the text of {describe_source(source.text)}"
        case Lex():
            return f"the word for {source.param}{_describe_back(source.back)}"


def _describe_given(source: Arg | KindOf | Staff) -> str:
    match source:
        case Arg():
            return f"the argument {source.name}"
        case KindOf():
            return f"the kind of record that {source.name} identifies"
        case Staff():
            return f"the acting colleague's {source.field}"


def _describe_back(back: int) -> str:
    return f", {back} messages before" if back else ""


def _describe_seen(source: Entity | Ref | Prev | Every) -> str:
    where = _describe_where(source.where)
    match source:
        case Entity():
            return f"{source.field} of the row in {where} that the message names"
        case Prev():
            return f"{source.field} in {where}"
        case Every():
            return f"{source.field} of all {'live ' if source.live else ''}rows in {where}"
        case Ref():
            which = f"{source.by} = {source.value}" if source.value else f"{source.pick.value} {source.by}".strip()
            return f"{source.field} of the {'live ' if source.live else ''}row with {which} in {where}"


def _describe_made(source: Derived | Adjusted | ClockDate | Cond | Const | Phrase | Template) -> str:
    match source:
        case Derived():
            steps = f", {source.mode.value} multiple of {source.step}" if source.step else ""
            return f"{source.percent:g} % of ({describe_source(source.base)}){steps}"
        case Adjusted():
            return f"({describe_source(source.base)}) {'+' if source.sign == 1 else '-'} {describe_source(source.by)}"
        case ClockDate():
            base = "today" if source.base is None else f"({describe_source(source.base)})"
            return f"{base} + {source.count} {source.horizon.value}"
        case Cond():
            return f"what goes with ({describe_source(source.key)}) in {source.table}"
        case Const() | Phrase():
            return _describe_guarded(source.value)
        case Template():
            parts = [_describe_guarded(source.glue[0])]
            for hole, glue in zip(source.holes, source.glue[1:], strict=True):
                parts += [f"<{describe_source(hole.sources[0])}>", _describe_guarded(glue)]
            return " ".join(part for part in parts if part != "''")


def _describe_guarded(kept: Guarded) -> str:
    return repr(kept.value) if kept.known else f"(seen once: {kept.digest})"


def _describe_where(where: Where) -> str:
    number = f" no. {where.nth + 1}" if where.nth else ""
    return f"{where.tool}{number}" + (" of a turn before" if where.earlier else "")


def _describe(program: Program) -> Iterator[str]:
    match program:
        case Workflow():
            for number, step in enumerate(program.steps, start=1):
                yield f"{number}. {_describe_step(step)}"
            yield f"then {_describe_reply(program.reply)}"
        case LeaveToDefault():
            yield "do as without memory; that was right before"
        case Habit():
            yield f"whenever {program.tool} is called with {program.argument}: {_describe_slots(program.slots)}"
        case Follow():
            share = f"{program.followed} of {program.calls}"
            yield f"after {program.tool} with {program.argument} ({share}): {_describe_step(program.step)}"
        case Repair():
            yield _describe_repair(program)
            if program.reply is not None:
                yield f"then {_describe_reply(program.reply)}"
        case Glossary():
            yield from (f"{phrase!r} means {program.param} = {value}" for phrase, value in program.entries)
        case Table():
            yield from (f"{program.table}: {key} goes with {value}" for key, value in program.entries)


def _describe_repair(program: Repair) -> str:
    tool = program.tool or "the tool"
    if program.changes:
        return f"call {tool} again with {_describe_slots(program.changes)}"
    return "give up" if program.reply is not None else f"call {tool} again as it was"


def _describe_step(step: StepPlan) -> str:
    return f"{step.tool}({_describe_slots(step.slots)})"


def _describe_slots(slots: Sequence[Slot]) -> str:
    return "; ".join(f"{slot.path} = {describe_source(slot.hypotheses[0].source)}" for slot in slots if slot.hypotheses)


def _describe_reply(reply: ReplyPlan) -> str:
    reason = f" ({reply.reason.value})" if reply.reason else ""
    facts = f", telling {_describe_slots(reply.facts)}" if reply.facts else ""
    return f"reply {reply.outcome.value}{reason}{facts}"
