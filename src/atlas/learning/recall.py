"""Which playbooks a situation calls to mind, and when to rather trust none of them."""

from __future__ import annotations

import math
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
        least_similarity: Likeness of the message and the cue below which a playbook is not followed.
        least_odds: Log odds below which a playbook is not followed, in nats.
        margin: Playbooks whose log odds are this much smaller than those of the best one compete with it, in nats.
        most: Playbooks looked at.
        least_share: Explanations of an argument that held in a smaller share of the cases are not used.
        intent: What it adds to the log odds of a playbook that its main tool fits the message best by schema and
            English, in nats.
        least_trust: Posterior mean of success below which a playbook is not followed.
    """

    least_similarity: float = 0.05
    least_odds: float = -3.0
    margin: float = 3.0
    most: int = 40
    least_share: float = 0.5
    intent: float = 1.0
    least_trust: float = 0.2


@record
class Recalled:
    """A playbook that came to mind.

    Attributes:
        playbook: The playbook.
        similarity: How alike the message and its cue are, in [0, 1].
        weight: The logarithm of the odds that it is the right one, in nats.
    """

    playbook: Playbook
    similarity: float
    weight: float


def recall(
    memory: Memory, tenant: str, tokens: tuple[str, ...], fits: Mapping[str, float], thresholds: RecallThresholds
) -> tuple[Recalled, ...]:
    """Return the playbooks that a message calls to mind and that could be followed, best first; empty means: abstain.

    Args:
        memory: Where they are.
        tenant: The company; only its own and tenant-free playbooks are looked at.
        tokens: Cue words of the message.
        fits: The tools at hand, each with how well it fits the message in [0, 1].
        thresholds: When a playbook is trusted.
    """
    found: list[Recalled] = []
    for playbook, odds in memory.alike(tenant, tokens)[: thresholds.most]:
        trust = playbook.evidence.trust
        if trust < thresholds.least_trust or not _has_tools(playbook, fits):
            continue
        similarity = memory.similarity(playbook, tokens)
        if similarity >= thresholds.least_similarity and odds >= thresholds.least_odds:
            weight = odds + math.log(trust) + thresholds.intent * _fit(playbook, fits)
            found.append(Recalled(playbook, similarity, round(weight, 6)))
    return tuple(sorted(found, key=lambda item: (-item.weight, item.playbook.id)))


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
