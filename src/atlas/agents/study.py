"""How Clerk learns from an episode that has ended: whom to praise, whom to blame, what to take in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from atlas.agents.config import ClerkConfig
from atlas.agents.planner import Planner
from atlas.episodes.records import Attribution, Episode, Feedback, Observation, Turn
from atlas.learning.associations import KnownWords
from atlas.learning.cases import CaseReader, Schemas, Setting
from atlas.learning.english import is_writing
from atlas.learning.induction import Induction
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Lifecycle, Playbook
from atlas.learning.programs import (
    LeaveToDefault,
    StepPlan,
    Workflow,
)
from atlas.learning.repairs import learn_repair
from atlas.learning.situation import flatten, number_steps
from atlas.learning.slots import demoted


class Study:
    """Takes in one episode.

    Args:
        memory: Where lessons go.
        config: Clerk's settings.
        schemas: What the tool schemas say.
        planner: The default plan.
    """

    def __init__(self, memory: Memory, config: ClerkConfig, schemas: Schemas, planner: Planner) -> None:
        self.memory = memory
        self.config = config
        self.schemas = schemas
        self.planner = planner

    def learn(self, episode: Episode, observation: Observation, feedback: Feedback) -> None:
        """Learn what a teacher's feedback allows; nothing without a verdict.

        Raises:
            FrozenMemoryError: the memory is read-only.
        """
        self.memory.count_episode()
        lesson = _Lesson(self, episode, observation)
        if feedback.success:
            lesson.confirm()
        elif feedback.demonstration is not None:
            lesson.correct(feedback.demonstration)
        elif feedback.success is not None:
            lesson.regret(feedback.failed_fields)


class _Lesson:
    """One episode being taken in."""

    def __init__(self, study: Study, episode: Episode, observation: Observation) -> None:
        self._memory = study.memory
        self._config = study.config
        self._planner = study.planner
        self._episode = episode
        self._tenant = observation.tenant
        self._knowledge = KnownWords(study.memory.words(observation.tenant), study.schemas.closed)
        setting = Setting(observation.tenant, observation.actor, observation.role, observation.today)
        self._reader = CaseReader(study.schemas, self._knowledge, setting)
        self._induction = Induction(study.memory, observation.tenant, study.schemas, study.config.induction)

    def confirm(self) -> None:
        """The episode was right: praise what was followed, and take in what was found by trying."""
        for place in range(len(self._episode.turns)):
            self._confirm_turn(place)

    def correct(self, demonstration: Sequence[Turn]) -> None:
        """The episode was wrong: blame what was followed where it went wrong, and take in how it is done."""
        own = self._episode.turns
        astray = False
        for place, shown in enumerate(demonstration):
            same_message = place < len(own) and own[place].user == shown.user
            if same_message and not astray and same_deed(own[place], shown):
                self._confirm_turn(place)
                continue
            blamed = self._followed(place) if same_message and not astray else ()
            workflow = next((item for item in blamed if isinstance(item.program, Workflow)), None)
            kept = self._induction.take_in(demonstration[: place + 1], self._reader, blamed=workflow)
            for playbook in blamed:
                if kept is None or kept.id != playbook.id:
                    self._blame(playbook.id, contradicted=kept is not None and kept.supersedes == playbook.id)
            if same_message and not astray:
                self._learn_repair(own[place], demonstration[: place + 1])
            astray = True

    def regret(self, failed_fields: Sequence[str]) -> None:
        """The episode was wrong, and nobody says how it is right: trust what was followed less.

        Where the teacher names the fields that were wrong, only the explanations of those arguments lose.
        """
        wrong = frozenset(name.rpartition(".")[2] for name in failed_fields)
        for place in range(len(self._episode.turns)):
            followed = self._followed(place)
            for playbook in followed:
                self._demote(playbook, wrong)
                self._blame(playbook.id)
            if not followed and not self._explored(place):
                turns = self._episode.turns[: place + 1]
                kept = self._induction.leave_to_default(turns, self._reader, right=False)
                if kept is not None:
                    self._blame(kept.id)

    def _demote(self, playbook: Playbook, wrong: frozenset[str]) -> None:
        program = playbook.program
        if not isinstance(program, Workflow) or not wrong:
            return
        steps = tuple(
            StepPlan(
                step.tool,
                tuple(demoted(slot) if slot.path.rpartition(".")[2] in wrong else slot for slot in step.slots),
                step.error,
            )
            for step in program.steps
        )
        self._memory.put(replace(playbook, program=Workflow(steps, program.reply)))

    def _confirm_turn(self, place: int) -> None:
        turns = self._episode.turns[: place + 1]
        followed = self._followed(place)
        for playbook in followed:
            self._praise(playbook.id)
        if any(isinstance(playbook.program, Workflow) for playbook in followed) or self._explored(place):
            self._induction.take_in(turns, self._reader)
        elif not followed:
            kept = self._induction.leave_to_default(turns, self._reader, right=True)
            if kept is not None:
                self._praise(kept.id)

    def _attributions(self, place: int) -> list[Attribution]:
        return [item for item in self._episode.attributions if item.turn == place]

    def _followed(self, place: int) -> tuple[Playbook, ...]:
        names = dict.fromkeys(item.playbook_id for item in self._attributions(place) if item.playbook_id)
        found = (self._memory.find(name) for name in names)
        return tuple(playbook for playbook in found if playbook is not None)

    def _explored(self, place: int) -> bool:
        return any(item.reason.startswith("explored") for item in self._attributions(place))

    def _praise(self, playbook_id: str) -> None:
        playbook = self._memory.get(playbook_id)
        evidence = replace(playbook.evidence, followed_ok=playbook.evidence.followed_ok + 1, streak=0)
        state = playbook.state
        proven = evidence.followed_ok >= self._config.activate_after and evidence.trust > 0.5  # noqa: PLR2004 - a half
        if state in (Lifecycle.CANDIDATE, Lifecycle.PROBATION) and proven:
            state = Lifecycle.ACTIVE
        self._memory.put(replace(playbook, evidence=evidence, state=state))

    def _blame(self, playbook_id: str, *, contradicted: bool = False) -> None:
        """Count a failure against a playbook; a contradiction weighs more than having been the wrong one to follow."""
        playbook = self._memory.get(playbook_id)
        known = playbook.evidence
        evidence = replace(known, followed_bad=known.followed_bad + 1, streak=known.streak + 1)
        state = playbook.state
        outdated = contradicted and evidence.streak >= self._config.suspend_after
        patience = self._config.suspend_after * 2
        harmful = outdated or (evidence.followed_bad >= patience and evidence.followed_bad > evidence.followed_ok)
        if harmful and not isinstance(playbook.program, LeaveToDefault):
            state = Lifecycle.SUSPENDED
        self._memory.put(replace(playbook, evidence=evidence, state=state))

    def _learn_repair(self, own: Turn, shown: Sequence[Turn]) -> None:
        failed = next((step for step in reversed(number_steps(own.steps)) if step.result.error is not None), None)
        if failed is not None:
            case = self._reader.read(shown)
            if case is not None:
                learn_repair(self._memory, self._tenant, failed, case, self._reader.binder(shown, {}))


def same_deed(own: Turn, shown: Turn) -> bool:
    """Tell whether two turns change the same things by the same calls and end alike."""
    if own.response is None or shown.response is None:
        return False
    ends = [(turn.response.outcome, turn.response.reason_code) for turn in (own, shown) if turn.response]
    facts = [dict(turn.response.facts) for turn in (own, shown) if turn.response]
    told = all(facts[0].get(name) == value for name, value in facts[1].items())
    return ends[0] == ends[1] and told and _writes(own) == _writes(shown)


def _writes(turn: Turn) -> list[tuple[str, list[tuple[str, str]]]]:
    made = [step for step in turn.steps if step.result.ok and is_writing(step.call.tool)]
    return sorted(
        (
            step.call.tool,
            sorted((path.rpartition(".")[2], str(value)) for path, value in flatten(step.call.arguments).items()),
        )
        for step in made
    )
