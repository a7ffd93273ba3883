"""Rules of single tools at work: repairs after errors, and what a house adds to a call of the default plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from atlas.agents.config import ClerkConfig
from atlas.agents.following import propose_reply, propose_step
from atlas.agents.proposal import Proposal
from atlas.core.records import record
from atlas.learning.binding import UNBOUND, Binder, Knowledge
from atlas.learning.explanation import is_identifier
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
    Follow,
    Habit,
    Repair,
    Slot,
)
from atlas.learning.repairs import again_key, error_key
from atlas.learning.situation import SeenStep, Situation, flatten
from atlas.learning.slots import bind_slot

_MOST_RETRIES = 2  # of one call in one turn


@record
class Ruled:
    """A proposal, and the rule that shaped it (None where no rule did)."""

    proposal: Proposal
    playbook_id: str | None


class Rulebook:
    """The rules of one company.

    Args:
        memory: Where they are.
        tenant: The company.
        config: When they are used.
    """

    def __init__(self, memory: Memory, tenant: str, config: ClerkConfig) -> None:
        self._memory = memory
        self._tenant = tenant
        self._config = config

    def repair(self, situation: Situation, knowledge: Knowledge) -> Ruled | None:
        """Return the learned answer to the error of the last call, None where there is none or it was tried."""
        if not situation.steps or situation.steps[-1].result.error is None:
            return None
        failed = situation.steps[-1]
        again = self._again(failed, situation)
        if again is not None:
            return again
        rules = self._memory.rules(self._tenant, "repair", error_key(failed))
        replies = [rule for rule in rules if isinstance(rule.program, Repair) and not rule.program.changes]
        for rule in rules:
            if not isinstance(rule.program, Repair) or rule.evidence.trust < self._config.recall.least_trust:
                continue
            if rule.program.changes and len(rule.evidence.cases) < self._config.rules.least_repairs:
                continue
            if not rule.program.changes and len(replies) > 1:
                continue  # one error with several answers: the error alone does not tell which
            proposal = self._repaired(rule.program, failed, situation, knowledge)
            if proposal is not None:
                return Ruled(proposal, rule.id)
        return None

    def _again(self, failed: SeenStep, situation: Situation) -> Ruled | None:
        """Return the same call once more, where errors of its kind were seen to pass."""
        code = failed.result.error.code.value if failed.result.error is not None else ""
        made = [step for step in situation.made if (step.tool, step.arguments) == (failed.tool, failed.arguments)]
        for rule in self._memory.rules(self._tenant, "repair", again_key(code)):
            if len(made) <= _MOST_RETRIES and len(rule.evidence.cases) >= self._config.rules.least_repairs:
                return Ruled(Proposal(failed.tool, flatten(failed.arguments), reason="made again"), rule.id)
        return None

    def extend(self, proposal: Proposal, situation: Situation, knowledge: Knowledge) -> Ruled:
        """Return a proposal of the default plan with what the house adds: arguments, or a call before the reply."""
        if proposal.tool is not None:
            return self._with_habits(proposal, situation, knowledge)
        if proposal.reply is None or proposal.reply.outcome.value != "done":
            return Ruled(proposal, None)
        for step in situation.steps:
            for rule in self._memory.rules(self._tenant, "follow", step.tool):
                added = self._follow(rule, step, situation, knowledge)
                if added is not None:
                    return Ruled(added, rule.id)
        return Ruled(proposal, None)

    def _repaired(
        self, program: Repair, failed: SeenStep, situation: Situation, knowledge: Knowledge
    ) -> Proposal | None:
        share = self._config.recall.least_share
        if not program.changes:
            return (
                None if program.reply is None else propose_reply(program.reply, situation, knowledge, least_share=share)
            )
        given = flatten(failed.arguments)
        changed = dict(given)
        sources: dict[str, str] = {}
        binder = Binder(situation, knowledge, given)
        for slot in program.changes:
            value, source = bind_slot(slot, binder, least_share=share)
            if value is not UNBOUND:
                changed[slot.path] = value
                sources[f"{failed.tool}.{slot.path}"] = f"repair {source}"
        if changed == given:
            return None
        return Proposal(failed.tool, changed, sources=sources, reason="repair")

    def _with_habits(self, proposal: Proposal, situation: Situation, knowledge: Knowledge) -> Ruled:
        ruled = Ruled(proposal, None)
        for rule in self._memory.rules(self._tenant, "habit", proposal.tool or ""):
            program = rule.program
            if (
                not isinstance(program, Habit)
                or program.argument not in proposal.arguments
                or program.calls < self._config.rules.least_cases
            ):
                continue
            added = self._habitual(program, ruled.proposal.arguments, situation, knowledge)
            if added:
                names = {f"{proposal.tool}.{path}": f"habit {source}" for path, (_, source) in added.items()}
                values = {path: value for path, (value, _) in added.items()}
                extended = replace(
                    ruled.proposal,
                    arguments={**ruled.proposal.arguments, **values},
                    sources={**ruled.proposal.sources, **names},
                )
                ruled = Ruled(extended, rule.id)
        return ruled

    def _habitual(
        self, program: Habit, given: Mapping[str, object], situation: Situation, knowledge: Knowledge
    ) -> dict[str, tuple[object, str]]:
        limits = self._config.rules
        added: dict[str, tuple[object, str]] = {}
        leaves = {path.rpartition(".")[2] for path in given}
        for slot in program.slots:
            usual = slot.cases >= limits.least_cases and slot.cases >= limits.least_share * program.calls
            if not usual or slot.path.rpartition(".")[2] in leaves or not _is_custom(slot):
                continue
            binder = Binder(situation, knowledge, given)
            value, source = bind_slot(slot, binder, least_share=limits.least_share)
            if value is not UNBOUND and not is_identifier(value):
                added[slot.path] = (value, source)
        return added

    def _follow(self, rule: Playbook, step: SeenStep, situation: Situation, knowledge: Knowledge) -> Proposal | None:
        program = rule.program
        limits = self._config.rules
        if (
            not isinstance(program, Follow)
            or not step.result.ok
            or program.argument not in flatten(step.arguments)
            or program.followed < limits.least_cases
            or program.followed < limits.least_share * program.calls
            or any(other.tool == program.step.tool for other in situation.steps)
        ):
            return None
        return propose_step(program.step, situation, knowledge, least_share=self._config.recall.least_share)


def _is_custom(slot: Slot) -> bool:
    """Tell whether an argument comes from the house rather than from the message."""
    best = slot.hypotheses[0].source if slot.hypotheses else None
    return (best is not None and not isinstance(best, (Span, Wrapped, Lex))) or isinstance(best, (Const, Phrase))
