"""Repairs: what a demonstration does where the student's call ran into an error.

Keyed by the error (tool, code, field), so that a repair helps with any message that leads to the same error.
"""

from __future__ import annotations

from dataclasses import replace

from atlas.crm.records import Outcome
from atlas.learning.binding import Binder
from atlas.learning.cases import StepCase, TurnCase, ValueCase
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Cue, Evidence, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import (
    Repair,
    ReplyPlan,
    Slot,
)
from atlas.learning.sightings import CaseMark, disjoint
from atlas.learning.situation import SeenStep, flatten, same
from atlas.learning.slots import merge_slot, new_slot


def learn_repair(memory: Memory, tenant: str, failed: SeenStep, case: TurnCase, binder: Binder) -> Playbook | None:
    """Learn from a demonstration how to go on after an error; return the repair, None where there is none to learn.

    Args:
        memory: Where lessons go.
        tenant: The company.
        failed: The student's failed call.
        case: The demonstrated turn.
        binder: Evaluates sources at the end of the demonstrated turn.
    """
    error = failed.result.error
    key = error_key(failed)
    if error is None:
        return None
    again = next((step for step in case.steps if step.tool == failed.tool and step.ok), None)
    if again is None and case.reply.outcome is Outcome.DONE:
        return None
    changes = {} if again is None else _changes(failed, again)
    if again is not None and not changes:
        return None
    for known in memory.rules(tenant, "repair", key):
        if isinstance(known.program, Repair) and _answers_alike(known.program, changes, case):
            grown = _grown(
                known, known.program, changes, case, Binder(binder.situation, binder.knowledge, _given(again))
            )
            memory.put(grown)
            return grown
    slots = tuple(new_slot(path, seen.sources, binder, 0) for path, seen in sorted(changes.items()))
    reply = (
        None if again is not None else ReplyPlan(case.reply.outcome, case.reply.reason, (), None, case.reply.mentions)
    )
    program = Repair(failed.tool, error.code.value, error.field or "", slots, reply)
    cue = Cue(terms=(failed.tool,), on_error=key)
    playbook = found_playbook(tenant, PlaybookKind.RECOVERY, cue, program, Evidence(cases=(case.mark,)))
    memory.put(playbook)
    return playbook


def learn_to_try_again(memory: Memory, tenant: str, code: str, mark: CaseMark) -> Playbook:
    """Learn that a call of any tool that fails with ``code`` is made again; return the repair."""
    for known in memory.rules(tenant, "repair", again_key(code)):
        grown = replace(known, evidence=replace(known.evidence, cases=(*known.evidence.cases, mark)))
        memory.put(grown)
        return grown
    cue = Cue(on_error=again_key(code))
    playbook = found_playbook(tenant, PlaybookKind.RECOVERY, cue, Repair("", code, ""), Evidence(cases=(mark,)))
    memory.put(playbook)
    return playbook


def again_key(code: str) -> str:
    """Return the key under which it is kept that calls failing with ``code`` are made again.

    Example:
        >>> again_key("timeout")
        '/timeout/'
    """
    return f"/{code}/"


def _answers_alike(program: Repair, changes: dict[str, ValueCase], case: TurnCase) -> bool:
    if {slot.path for slot in program.changes} != set(changes):
        return False
    reply = program.reply
    return reply is None or (reply.outcome, reply.reason) == (case.reply.outcome, case.reply.reason)


def error_key(step: SeenStep) -> str:
    """Return the key under which repairs of a failed call are kept: ``tool/code/field``; empty for a success."""
    error = step.result.error
    return "" if error is None else f"{step.tool}/{error.code.value}/{error.field or ''}"


def _changes(failed: SeenStep, again: StepCase) -> dict[str, ValueCase]:
    """Arguments that the right call has and the failed one lacks or gives otherwise."""
    given = {path.rpartition(".")[2]: value for path, value in flatten(failed.arguments).items()}
    return {
        path: seen
        for path, seen in again.arguments.items()
        if not (path.rpartition(".")[2] in given and same(given[path.rpartition(".")[2]], seen.value))
    }


def _given(again: StepCase | None) -> dict[str, object]:
    return {} if again is None else {path: seen.value for path, seen in again.arguments.items()}


def _grown(known: Playbook, program: Repair, changes: dict[str, ValueCase], case: TurnCase, binder: Binder) -> Playbook:
    cases = known.evidence.cases
    revealing = [place for place, mark in enumerate(cases) if disjoint(mark, case.mark)]
    slots: list[Slot] = [
        merge_slot(
            slot,
            changes[slot.path].sources,
            binder,
            changes[slot.path].value,
            case=len(cases),
            revealing=revealing,
        )
        for slot in program.changes
    ]
    evidence = replace(known.evidence, cases=(*cases, case.mark))
    return replace(known, program=replace(program, changes=tuple(slots)), evidence=evidence)
