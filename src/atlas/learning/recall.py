"""Which playbooks a situation calls to mind, and when to rather trust none of them."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.core.records import record
from atlas.learning.binding import UNBOUND, Binder
from atlas.learning.english import is_writing
from atlas.learning.language import (
    Const,
    Lex,
    Phrase,
    Span,
    Wrapped,
)
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Playbook
from atlas.learning.programs import (
    LeaveToDefault,
    Slot,
    Workflow,
)

_NO_MAIN_TOOL = 0.5  # fit of a playbook that changes nothing


@record
class RecallThresholds:
    """When a playbook is trusted.

    Attributes:
        least_similarity: Below it, no playbook is followed.
        margin: Playbooks of other topics this close to the best one compete with it.
        most: Playbooks looked at.
        least_share: Explanations of an argument that held in a smaller share of the cases are not used.
        intent: Weight of how well the main tool of a playbook fits the message by schema and English; the rest is the
            likeness of the message to the cue.
        least_trust: Posterior mean of success below which a playbook is not followed.
    """

    least_similarity: float = 0.3
    margin: float = 0.1
    most: int = 24
    least_share: float = 0.5
    intent: float = 0.25
    least_trust: float = 0.2


@record
class Recalled:
    """A playbook that came to mind."""

    playbook: Playbook
    similarity: float
    weight: float
    topic: str = ""


def recall(
    memory: Memory, tenant: str, tokens: tuple[str, ...], fits: Mapping[str, float], thresholds: RecallThresholds
) -> tuple[Recalled, ...]:
    """Return the playbooks that a message calls to mind and that could be followed, best first; empty means: abstain.

    Playbooks of one topic are equally alike; among them, their own likeness and the posterior mean of success count.

    Args:
        memory: Where they are.
        tenant: The company; only its own and tenant-free playbooks are looked at.
        tokens: Cue words of the message.
        fits: The tools at hand, each with how well it fits the message in [0, 1].
        thresholds: When a playbook is trusted.
    """
    found: list[Recalled] = []
    topics: dict[str, float] = {}
    scored = [
        (round((1 - thresholds.intent) * alike + thresholds.intent * _fit(playbook, fits), 6), playbook)
        for playbook, alike in memory.alike(tenant, tokens)
        if alike >= thresholds.least_similarity / 2
    ]
    for own, playbook in sorted(scored, key=lambda item: (-item[0], item[1].id)):
        topic = memory.topic(playbook)
        similarity = topics.setdefault(topic, own)
        if similarity < thresholds.least_similarity:
            continue
        trust = playbook.evidence.trust
        if trust >= thresholds.least_trust and _has_tools(playbook, fits):
            weight = (0.9 * similarity + 0.1 * own) * (0.75 + trust / 2)
            found.append(Recalled(playbook, similarity, round(weight, 6), topic))
    found.sort(key=lambda item: (-item.similarity, -item.weight, item.playbook.id))
    return tuple(found[: thresholds.most])


def is_feasible(program: Workflow, binder: Binder, made: int, *, least_share: float) -> bool:
    """Tell whether every argument of the calls still to make has a value or may get one from later results.

    Args:
        program: The workflow.
        binder: Evaluates sources now.
        made: Number of its calls made already.
        least_share: As in :class:`RecallThresholds`.
    """
    return all(_may_bind(slot, binder, least_share) for step in program.steps[made:] for slot in step.slots)


def _may_bind(slot: Slot, binder: Binder, least_share: float) -> bool:
    usable = [item for item in slot.hypotheses if item.hits + item.silent >= least_share * slot.cases]
    if not all(isinstance(item.source, (Span, Wrapped, Lex, Const, Phrase)) for item in usable):
        return True
    return any(binder.value(item.source) is not UNBOUND for item in usable)


def _fit(playbook: Playbook, fits: Mapping[str, float]) -> float:
    """How well the main tool of a playbook fits: the last one that changes something, else the best one."""
    program = playbook.program
    if isinstance(program, Workflow):
        tools = tuple(step.tool for step in program.steps)
    else:
        tools = program.tools if isinstance(program, LeaveToDefault) else ()
    writing = [tool for tool in tools if is_writing(tool)]
    if writing:
        return max(fits.get(tool, 0.0) for tool in writing)
    return _NO_MAIN_TOOL if not tools else max(_NO_MAIN_TOOL, *(fits.get(tool, 0.0) for tool in tools))


def _has_tools(playbook: Playbook, tools: Mapping[str, float]) -> bool:
    program = playbook.program
    if isinstance(program, LeaveToDefault):
        return True
    return isinstance(program, Workflow) and all(step.tool in tools for step in program.steps)
