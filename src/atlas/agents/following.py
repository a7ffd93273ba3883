"""Following playbooks: where a workflow stands in an open turn, what it does next, and which of several is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from atlas.agents.proposal import Proposal, Reply
from atlas.agents.toolbook import Toolbook
from atlas.agents.wording import missing_from, say_done, say_error, say_facts, say_request, write_value
from atlas.core.records import record
from atlas.crm.records import Outcome
from atlas.learning.binding import UNBOUND, Binder, Knowledge, span_family
from atlas.learning.english import RECORD_NOUNS, canonical, is_writing
from atlas.learning.features import Feature, contradicts_findings, tell_apart
from atlas.learning.language import (
    Arg,
    Cond,
    KindOf,
    SpanType,
    Template,
)
from atlas.learning.perception import CLIENT, PERSON, TITLE
from atlas.learning.programs import (
    Guard,
    LeaveToDefault,
    ReplyPlan,
    Slot,
    StepPlan,
    Workflow,
)
from atlas.learning.recall import Recalled, is_feasible
from atlas.learning.situation import ARGUMENTS, RowView, SeenStep, Situation, came_to_nothing, flatten
from atlas.learning.slots import bind_slot

_LEAST_WORDING = 0.3  # share of the cases in which a reply was worded so, before it is worded so again


@record
class Option:
    """What one playbook would do next; ``proposal`` is None where it leaves the turn to the default plan."""

    recalled: Recalled
    proposal: Proposal | None


@record
class Decision:
    """The option taken, and the guard that decided where there was a rival."""

    option: Option
    guard: Guard | None = None


def options(
    recalled: Sequence[Recalled],
    situation: Situation,
    knowledge: Knowledge,
    toolbook: Toolbook,
    *,
    default: Proposal,
    here: Mapping[str, Feature],
    least_share: float,
) -> list[Option]:
    """Return what each playbook would do next, for those that fit what was done in this turn so far.

    A call with a value that the tool's schema rules out is no option, unless the playbook makes it to be rejected. Nor
    is a call that was made before.

    Args:
        recalled: The playbooks, best first.
        situation: What is known.
        knowledge: What the house has taught.
        toolbook: Tells what the schemas allow.
        default: The default plan; playbooks that leave the turn to it do so only where it does what was right before.
        here: Features of the situation.
        least_share: Explanations that held in a smaller share of the cases are not used.
    """
    found: list[Option] = []
    retries: list[Option] = []
    for item in recalled:
        program = item.playbook.program
        if contradicts_findings(item.playbook.evidence.ranges, here):
            again = search_again(program, situation) if isinstance(program, Workflow) else None
            if again is not None:
                retries.append(Option(item, again))
            continue
        if isinstance(program, LeaveToDefault):
            if default.tool is None or default.tool in program.tools:
                found.append(Option(item, None))
        elif isinstance(program, Workflow):
            own = aligned(program, situation)
            proposal = None if own is None else propose(program, own, knowledge, least_share=least_share)
            if own is None or proposal is None or was_made(proposal, situation):
                continue
            if _meant_to_fail(program, own) or toolbook.accepts(proposal):
                found.append(Option(item, proposal))
    return [*retries, *found] if not found or found[0].recalled is not recalled[0] else found


def was_made(proposal: Proposal, situation: Situation) -> bool:
    """Tell whether a call was made in the open turn already, with any result."""
    return proposal.tool is not None and any(
        step.tool == proposal.tool and flatten(step.arguments) == dict(proposal.arguments) for step in situation.made
    )


def search_again(program: Workflow, situation: Situation) -> Proposal | None:
    """Return the last call, where it found nothing, with another name of the message; None where all were tried."""
    made = len(situation.steps)
    last = situation.steps[-1] if situation.steps else None
    if (
        last is None
        or made > len(program.steps)
        or aligned(program, situation) is not situation
        or not came_to_nothing(last.result)
    ):
        return None
    given = flatten(last.arguments)
    names = [span.text for span in situation.percept.spans if span.type in span_family(SpanType.NAME)]
    path = next((path for path, value in given.items() if value in names), None)
    tried = [value for step in situation.made if step.tool == last.tool for value in flatten(step.arguments).values()]
    other = next((name for name in names if name not in tried), None)
    if path is None or other is None or last.result.error is not None:
        return None
    return Proposal(last.tool, {**given, path: other}, sources={f"{last.tool}.{path}": "span"}, reason="search again")


def decide(
    found: Sequence[Option], default: Proposal | None, here: Mapping[str, Feature], *, margin: float
) -> Decision | None:
    """Return the option to take: the best one, unless a guard speaks for a close rival that would do otherwise.

    Args:
        found: The options, best first.
        default: What the default plan would do, for playbooks that leave the turn to it.
        here: Features of the situation.
        margin: Rivals whose log odds are this much smaller than those of the best one still count, in nats.
    """
    if not found:
        return None
    champion, deciding = found[0], None
    for rival in found[1:]:
        if rival.recalled.weight < found[0].recalled.weight - margin:
            break
        if same_move(champion.proposal or default, rival.proposal or default):
            continue
        choice = tell_apart(champion.recalled.playbook.evidence.ranges, rival.recalled.playbook.evidence.ranges, here)
        if choice is not None and choice.winner == 1:
            champion, deciding = rival, choice.guard
        elif choice is not None:
            deciding = choice.guard
    return Decision(champion, deciding)


def same_move(one: Proposal | None, other: Proposal | None) -> bool:
    """Tell whether two proposals come to the same: equal calls, or replies of the same kind with equal facts."""
    if one is None or other is None:
        return one is other
    if (one.reply is None) != (other.reply is None):
        return False
    if one.reply is not None and other.reply is not None:
        same_kind = (one.reply.outcome, one.reply.reason) == (other.reply.outcome, other.reply.reason)
        return same_kind and dict(one.reply.facts) == dict(other.reply.facts)
    return one.tool == other.tool and dict(one.arguments) == dict(other.arguments)


def propose(program: Workflow, situation: Situation, knowledge: Knowledge, *, least_share: float) -> Proposal | None:
    """Return the next call or the reply of a workflow, None where an argument has no value."""
    made = len(situation.steps)
    binder = Binder(situation, knowledge)
    if made < len(program.steps):
        if not is_feasible(program, binder, made, least_share=least_share):
            return None
        return propose_step(program.steps[made], situation, knowledge, least_share=least_share)
    return propose_reply(program.reply, situation, knowledge, least_share=least_share)


def propose_step(step: StepPlan, situation: Situation, knowledge: Knowledge, *, least_share: float) -> Proposal | None:
    """Return a planned call with its arguments bound, None where one has no value.

    Arguments that depend on others of the same call are bound last.
    """
    arguments: dict[str, object] = {}
    sources: dict[str, str] = {}
    waiting = list(step.slots)
    for _ in range(2):
        left: list[Slot] = []
        for slot in waiting:
            binder = Binder(situation, knowledge, arguments, expected=expected_name(step.tool, slot.path))
            value, source = bind_slot(slot, binder, least_share=least_share)
            if value is UNBOUND:
                left.append(slot)
            else:
                arguments[slot.path] = value
                sources[f"{step.tool}.{slot.path}"] = source
        waiting = left
    dependent = [slot for slot in step.slots if _depends(slot)]
    for slot in dependent:
        others = {path: value for path, value in arguments.items() if path != slot.path}
        value, source = bind_slot(slot, Binder(situation, knowledge, others), least_share=least_share)
        if value is not UNBOUND:
            arguments[slot.path] = value
            sources[f"{step.tool}.{slot.path}"] = source
    if waiting and any(slot.path not in arguments for slot in waiting):
        return None
    ordered = {slot.path: arguments[slot.path] for slot in step.slots}
    return Proposal(step.tool, ordered, sources=sources, reason="followed")


def expected_name(tool: str, path: str) -> str:
    """Return what a name has to speak for as an argument of a tool, empty for any other argument.

    Example:
        >>> expected_name("client_search", "criteria.name.equals"), expected_name("staff_search", "name")
        ('client', 'person')
    """
    field = next((part for part in path.split(".") if part in _NAMING), "")
    if field in _NAMING and field != "name":
        return _NAMING[field]
    nouns = [canonical(word) for word in tool.split("_")]
    return next((_NAMED_LIKE.get(noun, noun) for noun in nouns if noun in RECORD_NOUNS), "") if field else ""


_NAMING = {
    "name": "",
    "first_name": PERSON,
    "last_name": PERSON,
    "title": TITLE,
    "industry": "industry",
    "territory": "territory",
    "role": "role",
}
_NAMED_LIKE = {"company": CLIENT, "contact": PERSON, "staff": PERSON}


def propose_reply(plan: ReplyPlan, situation: Situation, knowledge: Knowledge, *, least_share: float) -> Proposal:
    """Return a planned reply with its facts bound; a fact without a value is left out."""
    binder = Binder(situation, knowledge)
    facts: dict[str, object] = {}
    sources: dict[str, str] = {}
    for slot in plan.facts:
        value, source = bind_slot(slot, binder, least_share=least_share)
        if value is not UNBOUND:
            facts[slot.path] = value
            sources[f"respond.{slot.path}"] = source
    message = _message(plan, facts, situation, binder)
    return Proposal(reply=Reply(message, plan.outcome, plan.reason, facts), sources=sources, reason="followed")


def _depends(slot: Slot) -> bool:
    best = slot.hypotheses[0].source if slot.hypotheses else None
    if isinstance(best, Cond):
        return isinstance(best.key, Arg)
    return isinstance(best, (Arg, KindOf, Template))


def _meant_to_fail(program: Workflow, situation: Situation) -> bool:
    made = len(situation.steps)
    return made >= len(program.steps) or bool(program.steps[made].error)


def aligned(program: Workflow, situation: Situation) -> Situation | None:
    """Return the situation with the program's own calls only; None where something else was done that matters.

    Another call does no harm where it only looked something up.
    """
    own: list[SeenStep] = []
    for step in situation.steps:
        if len(own) < len(program.steps) and _is_of(program.steps[len(own)], step):
            own.append(step)
        elif step.result.error is not None or is_writing(step.tool):
            return None
    return situation if len(own) == len(situation.steps) else situation.with_steps(own)


def _is_of(plan: StepPlan, step: SeenStep) -> bool:
    return (
        step.tool == plan.tool
        and set(flatten(step.arguments)) <= {slot.path for slot in plan.slots}
        and (step.result.error.code.value if step.result.error else "") == plan.error
    )


def with_default_facts(proposal: Proposal, default: Proposal) -> Proposal:
    """Return a reply that says it is done with the facts of the default reply, where the lesson itself knows of none.

    Nothing is lost by telling more than the lesson did; a question whose answer the lesson cannot put together is
    answered all the same.
    """
    reply, other = proposal.reply, default.reply
    if reply is None or other is None or reply.facts or not other.facts:
        return proposal
    if (reply.outcome, other.outcome) != (Outcome.DONE, Outcome.DONE):
        return proposal
    return replace(proposal, reply=replace(reply, message=reply.message + say_facts(other.facts), facts=other.facts))


def _message(plan: ReplyPlan, facts: Mapping[str, object], situation: Situation, binder: Binder) -> str:
    learned = bind_slot(plan.message, binder, least_share=_LEAST_WORDING)[0] if plan.message is not None else UNBOUND
    if isinstance(learned, str):
        message = learned
        absent = {name: value for name, value in facts.items() if missing_from(message, _items(value))}
        message += say_facts(absent)
    else:
        last = situation.steps[-1] if situation.steps else None
        arguments = flatten(last.arguments) if last is not None else {}
        if plan.outcome is Outcome.DONE:
            message = say_done(last.tool if last is not None else None, arguments, facts)
        else:
            reason = plan.reason.value.replace("_", " ") if plan.reason is not None else "a question"
            message = f"I have not done this yet: {reason}." + say_facts(facts)
    last_error = situation.steps[-1].result.error if situation.steps else None
    if plan.outcome is not Outcome.DONE and last_error is not None:
        message += f" {say_error(last_error, situation.percept)}"
    if plan.outcome is not Outcome.DONE:
        public = ", ".join(f"{name.replace('_', ' ')} ({name})" for name in plan.mentions)
        message += f" It concerns: {public}." if public else ""
        message += say_request(situation.percept) + _say_rows(situation)
    return message


def _say_rows(situation: Situation) -> str:
    shown = [
        _say_row(row)
        for step in situation.steps
        for name, rows in step.row_sets.items()
        if name != ARGUMENTS
        for row in rows[:5]
    ]
    told = [text for text in dict.fromkeys(shown) if text]
    return f" Records looked at: {', '.join(told)}." if told else ""


def _say_row(row: RowView) -> str:
    state = next((f" ({row[field]})" for field in ("stage", "status") if isinstance(row.get(field), str)), "")
    return f"{write_value(row['name'])}{state}" if isinstance(row.get("name"), str) else state.strip(" ()")


def _items(value: object) -> Sequence[object]:
    return [value]
