"""Clerk, the embedded student: perceives, recalls, plans, acts one action at a time, and learns without gradients.

Between two actions Clerk keeps nothing but its memory; what it does follows from the observation and the memory alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from atlas.agents.answering import at_a_loss
from atlas.agents.config import ClerkConfig
from atlas.agents.following import Decision, Option, decide, options, was_made, with_default_facts
from atlas.agents.planner import Planner
from atlas.agents.proposal import Proposal
from atlas.agents.rulebook import Rulebook
from atlas.agents.study import Study
from atlas.agents.toolbook import Toolbook
from atlas.core.rng import derive_rng
from atlas.crm.records import ToolSpec
from atlas.episodes.records import Action, Attribution, Episode, Feedback, Observation
from atlas.learning.associations import KnownWords
from atlas.learning.cases import Schemas, cue_of
from atlas.learning.features import Feature, features_of
from atlas.learning.memory import Memory
from atlas.learning.recall import Recalled, recall
from atlas.learning.situation import Situation, came_to_nothing


class Desk:
    """What Clerk derives from a set of tools once, and uses for every episode with them.

    Args:
        tools: The tools.
        config: Clerk's settings.
    """

    def __init__(self, tools: Sequence[ToolSpec], config: ClerkConfig) -> None:
        self.tools = tools
        self.schemas = Schemas(tools)
        self.toolbook = Toolbook(tools, config.respond)
        self.planner = Planner(self.toolbook, config.intent)


class Clerk:
    """A student whose whole knowledge is its memory and what the tool schemas and plain English say.

    Args:
        memory: What it has learned; a frozen one is only read.
        config: Its settings.
    """

    def __init__(self, memory: Memory, config: ClerkConfig | None = None) -> None:
        self.memory = memory
        self.config = config or ClerkConfig()
        self._desk: Desk | None = None

    def act(self, observation: Observation) -> Action:
        desk = self._desk_for(observation.tools)
        words = self.memory.words(observation.tenant)
        situation = Situation(
            observation.turns,
            actor=observation.actor,
            role=observation.role,
            today=observation.today,
            familiar=words.familiar(desk.schemas.set_words),
        )
        knowledge = KnownWords(words, desk.schemas.closed)
        move = _Move(self, desk, observation, situation, knowledge)
        return move.action()

    def learn(self, episode: Episode, observation: Observation, feedback: Feedback) -> None:
        desk = self._desk_for(observation.tools)
        Study(self.memory, self.config, desk.schemas, desk.planner).learn(episode, observation, feedback)

    def _desk_for(self, tools: tuple[ToolSpec, ...]) -> Desk:
        if self._desk is None or (self._desk.tools is not tools and self._desk.tools != tools):
            self._desk = Desk(tools, self.config)
        return self._desk


class _Move:
    """One decision."""

    def __init__(
        self, clerk: Clerk, desk: Desk, observation: Observation, situation: Situation, knowledge: KnownWords
    ) -> None:
        self._clerk = clerk
        self._desk = desk
        self._observation = observation
        self._situation = situation
        self._knowledge = knowledge

    def action(self) -> Action:
        recalled = self._recall()
        rulebook = Rulebook(self._clerk.memory, self._observation.tenant, self._clerk.config)
        repaired = rulebook.repair(self._situation, self._knowledge)
        if repaired is not None:
            return self._act(repaired.proposal, recalled, repaired.playbook_id, "repair")
        default = self._desk.planner.propose(self._situation, self._knowledge)
        decision = self._decide(recalled, default) if recalled else None
        if decision is not None and decision.option.proposal is not None:
            reason = "followed" if decision.guard is None else f"followed: {decision.guard.feature}"
            proposal = with_default_facts(decision.option.proposal, default)
            return self._act(proposal, recalled, decision.option.recalled.playbook.id, reason)
        choice = self._exploration(decision)
        if choice:
            tried = self._desk.planner.propose(self._situation, self._knowledge, choice)
            return self._act(tried, recalled, None, f"explored choice {choice}")
        if was_made(default, self._situation):
            default = at_a_loss(default.tool, self._situation)
        extended = rulebook.extend(default, self._situation, self._knowledge)
        return self._act(extended.proposal, recalled, extended.playbook_id, self._why_not(recalled, decision))

    def _recall(self) -> tuple[Recalled, ...]:
        clerk = self._clerk
        tokens = cue_of(self._situation, self._knowledge, self._desk.schemas.closed)
        fits = self._desk.planner.fits(self._situation, self._knowledge)
        recalled = recall(clerk.memory, self._observation.tenant, tokens, fits, clerk.config.recall)
        if recalled or len(self._situation.percepts) == 1:
            return recalled
        # "and now one for the other deal too": what calls nothing to mind by itself asks for the same again
        before = tuple(sorted(self._situation.percepts[-2].tokens))
        return recall(clerk.memory, self._observation.tenant, before, fits, clerk.config.recall)

    def _decide(self, recalled: Sequence[Recalled], default: Proposal) -> Decision | None:
        margin = self._clerk.config.recall.margin
        found, here = self._options(recalled, self._situation, default)
        if self._is_dead_end():
            second = self._second_thought(recalled, default)
            if second is not None and (not found or second.option.recalled.weight >= found[0].recalled.weight):
                return second
        return decide(found, default, here, margin=margin)

    def _exploration(self, decision: Decision | None) -> int:
        """Return the rank of the tool to try where the default plan is known to have failed; 0 for the default plan.

        Thompson sampling over the best tools, from what the default plan achieved on messages of this kind. Only a
        teacher who shows nothing lets the default plan gather failures, so only then, and never with a frozen memory.
        """
        settings = self._clerk.config.exploration
        memory = self._clerk.memory
        if memory.frozen or decision is None or decision.option.proposal is not None:
            return 0
        evidence = decision.option.recalled.playbook.evidence
        if not evidence.followed_bad:
            return 0
        opening = self._situation.percepts[self._situation.request].text
        rng = derive_rng(settings.seed, "explore", memory.episodes, opening)
        drawn = [rng.betavariate(evidence.followed_ok + 1, evidence.followed_bad + 1)]
        drawn += [rng.betavariate(1, 1) for _ in range(1, settings.tools)]
        return drawn.index(max(drawn))

    def _is_dead_end(self) -> bool:
        steps = self._situation.steps
        return bool(steps) and steps[-1].result.ok and came_to_nothing(steps[-1].result)

    def _second_thought(self, recalled: Sequence[Recalled], default: Proposal) -> Decision | None:
        """After a search that found nothing: the best lesson that would search elsewhere instead."""
        found, _ = self._options(recalled, self._situation.without_last_step(), default)
        for option in found:
            tool = option.proposal.tool if option.proposal is not None else None
            if tool is not None and tool.endswith("search"):
                return Decision(option)
        return None

    def _options(
        self, recalled: Sequence[Recalled], situation: Situation, default: Proposal
    ) -> tuple[list[Option], Mapping[str, Feature]]:
        """Return what the lessons would do here, best first, and the features of the situation that weigh in."""
        desk, config = self._desk, self._clerk.config
        here = features_of(situation, self._knowledge, desk.schemas.params, desk.schemas.public)
        found = options(
            self._weighed(recalled, here),
            situation,
            self._knowledge,
            desk.toolbook,
            default=default,
            here=here,
            least_share=config.recall.least_share,
        )
        return found, here

    def _weighed(self, recalled: Sequence[Recalled], here: Mapping[str, Feature]) -> list[Recalled]:
        """Add what the situation says for and against each lesson to its odds; return them best first."""
        memory, weights = self._clerk.memory, self._clerk.config.evidence
        weighed = [
            replace(item, weight=item.weight + memory.evidence(item.playbook, here, weights)) for item in recalled
        ]
        return sorted(weighed, key=lambda item: (-item.weight, item.playbook.id))

    def _why_not(self, recalled: Sequence[Recalled], decision: Decision | None) -> str:
        if not recalled:
            return "abstained: nothing alike"
        return "abstained: left to the default plan" if decision is not None else "abstained: cannot be bound"

    def _act(self, proposal: Proposal, recalled: Sequence[Recalled], playbook_id: str | None, reason: str) -> Action:
        attribution = Attribution(
            turn=len(self._observation.turns) - 1,
            playbook_id=playbook_id,
            similarity=max((item.similarity for item in recalled), default=0.0),
            retrieved=tuple(item.playbook.id for item in recalled[:5]),
            sources=proposal.sources,
            reason=reason,
        )
        return Action(calls=(proposal.as_call(self._clerk.config.respond),), attribution=attribution)
