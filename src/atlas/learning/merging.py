"""Version spaces of whole workflows: founded on one case, narrowed by every further one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from atlas.episodes.records import Turn
from atlas.learning.binding import Binder
from atlas.learning.cases import CaseReader, ReplyCase, TurnCase, ValueCase
from atlas.learning.memory import Signature
from atlas.learning.programs import ReplyPlan, Slot, StepPlan, Workflow
from atlas.learning.sightings import CaseMark, disjoint
from atlas.learning.slots import is_consistent, merge_slot, new_slot


class Binders:
    """Binders for the end of one solved turn, by the call's other arguments."""

    def __init__(self, reader: CaseReader, turns: Sequence[Turn]) -> None:
        self._situation = reader.situation(turns)
        self._binder = reader.binder(turns, {})

    def with_arguments(self, arguments: Mapping[str, ValueCase]) -> Binder:
        """Return the binder for a call that also has these arguments."""
        return Binder(self._situation, self._binder.knowledge, values_of(arguments))


def values_of(arguments: Mapping[str, ValueCase]) -> dict[str, object]:
    """Return the bare values of arguments."""
    return {path: seen.value for path, seen in arguments.items()}


def signature_of_case(case: TurnCase) -> Signature:
    """Return what was done in a case apart from its values, as ``atlas.learning.memory.signature_of`` does."""
    steps = tuple((step.tool, step.error, tuple(sorted(step.arguments))) for step in case.steps)
    return (steps, case.reply.outcome, case.reply.reason, tuple(sorted(case.reply.facts)))


def found_workflow(case: TurnCase, binders: Binders) -> Workflow:
    """Return the workflow that a single case allows."""
    steps = tuple(
        StepPlan(
            step.tool,
            tuple(
                new_slot(path, seen.sources, binders.with_arguments(step.arguments), 0)
                for path, seen in sorted(step.arguments.items())
            ),
            step.error,
        )
        for step in case.steps
    )
    reply = case.reply
    facts = tuple(
        new_slot(name, seen.sources, binders.with_arguments({}), 0) for name, seen in sorted(reply.facts.items())
    )
    message = new_slot("message", reply.message.sources, binders.with_arguments({}), 0)
    return Workflow(steps, ReplyPlan(reply.outcome, reply.reason, facts, message, reply.mentions))


def merge_workflow(cases: Sequence[CaseMark], program: Workflow, case: TurnCase, binders: Binders) -> Workflow:
    """Return a workflow after one more case with the same calls; ``cases`` are the marks of those before."""
    steps = tuple(
        StepPlan(plan.tool, merge_slots(cases, plan.slots, step.arguments, binders, case.mark), plan.error)
        for plan, step in zip(program.steps, case.steps, strict=True)
    )
    return Workflow(steps, _merge_reply(cases, program.reply, case.reply, binders, case.mark))


def _merge_reply(
    cases: Sequence[CaseMark], plan: ReplyPlan, reply: ReplyCase, binders: Binders, mark: CaseMark
) -> ReplyPlan:
    facts = merge_slots(cases, plan.facts, reply.facts, binders, mark)
    message = plan.message
    if message is not None:
        message = merge_slots(cases, (message,), {"message": reply.message}, binders, mark)[0]
    common = tuple(name for name in plan.mentions if name in reply.mentions)
    return replace(plan, facts=facts, message=message, mentions=common or plan.mentions)


def merge_slots(
    cases: Sequence[CaseMark],
    slots: Sequence[Slot],
    arguments: Mapping[str, ValueCase],
    binders: Binders,
    mark: CaseMark,
) -> tuple[Slot, ...]:
    """Return the version spaces of a call's arguments after one more case.

    Args:
        cases: Marks of the cases before.
        slots: The version spaces so far.
        arguments: The arguments of the new case.
        binders: Evaluate sources in it.
        mark: Its mark.
    """
    number = len(cases)
    revealing = [place for place, known in enumerate(cases) if disjoint(known, mark)]
    binder = binders.with_arguments(arguments)
    merged = [
        merge_slot(
            slot, arguments[slot.path].sources, binder, arguments[slot.path].value, case=number, revealing=revealing
        )
        if slot.path in arguments
        else slot
        for slot in slots
    ]
    known_paths = {slot.path for slot in slots}
    merged += [
        new_slot(path, seen.sources, binder, number)
        for path, seen in sorted(arguments.items())
        if path not in known_paths
    ]
    return tuple(merged)


def all_consistent(program: Workflow) -> bool:
    """Tell whether every value of a workflow has an explanation that held in (nearly) every case."""
    slots = [slot for step in program.steps for slot in step.slots]
    return all(map(is_consistent, [*slots, *program.reply.facts]))
