"""From cases to programs: founds workflows, merges cases into them, and learns rules of single tools.

A case is merged into a workflow only if every argument keeps an explanation that held in (nearly) every case. A
workflow that its own kind of case contradicts is superseded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from atlas.core.records import record
from atlas.episodes.records import Turn
from atlas.learning.cases import CaseReader, Schemas, StepCase, TurnCase
from atlas.learning.english import is_writing
from atlas.learning.features import widen
from atlas.learning.language import (
    Cond,
    Lex,
)
from atlas.learning.memory import Memory, Signature, signature_of
from atlas.learning.merging import (
    Binders,
    all_consistent,
    found_workflow,
    merge_slots,
    merge_workflow,
    signature_of_case,
    values_of,
)
from atlas.learning.perception import CLIENT, PERSON, TITLE
from atlas.learning.playbooks import Cue, Evidence, Lifecycle, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import (
    Follow,
    Habit,
    LeaveToDefault,
    StepPlan,
    Workflow,
)
from atlas.learning.repairs import learn_to_try_again
from atlas.learning.sightings import CaseMark, disjoint, mark_case
from atlas.learning.situation import RowView, is_list, number_steps
from atlas.learning.slots import new_slot


@record
class InductionThresholds:
    """How cases are gathered into workflows.

    Attributes:
        merge_similarity: Least likeness of the message to the cue of a workflow that the case is merged into.
        default_similarity: The same for cases that an agent without memory solves.
        most_prototypes: Messages kept per cue.
        most_cases: Marks of cases kept per playbook.
        term_share: Share of the messages that have a word of ``cue.terms``.
    """

    merge_similarity: float = 0.4
    default_similarity: float = 0.45
    most_prototypes: int = 16
    most_cases: int = 24
    term_share: float = 0.8


class Induction:
    """Learns from cases of one company.

    Args:
        memory: Where lessons go.
        tenant: The company.
        schemas: What the tool schemas say.
        thresholds: How cases are gathered.
    """

    def __init__(self, memory: Memory, tenant: str, schemas: Schemas, thresholds: InductionThresholds) -> None:
        self._memory = memory
        self._tenant = tenant
        self._schemas = schemas
        self._thresholds = thresholds

    def take_in(self, turns: Sequence[Turn], reader: CaseReader, *, blamed: Playbook | None = None) -> Playbook | None:
        """Learn from the last of ``turns``, which is known to be right; return the workflow that now holds it.

        Args:
            turns: A conversation up to a solved turn.
            reader: Reads it.
            blamed: The workflow that was followed instead and failed, if any.
        """
        case = reader.read(turns)
        if case is None:
            return None
        binders = Binders(reader, turns)
        kept = self._merge_or_found(case, binders, blamed)
        self._learn_names(turns[-1], case.mark)
        self._learn_words(turns[-1], case, reader)
        for code in _tried_again(turns[-1]):
            learn_to_try_again(self._memory, self._tenant, code, case.mark)
        self.learn_rules(case, binders)
        return kept

    def learn_words(self, turns: Sequence[Turn], reader: CaseReader) -> None:
        """Learn from the last of ``turns``, which is known to be right, what goes beyond single workflows.

        That is what names look like, the words of the house and its tables, and which errors pass.
        """
        case = reader.read(turns)
        if case is not None:
            self._learn_names(turns[-1], case.mark)
            self._learn_words(turns[-1], case, reader)
            for code in _tried_again(turns[-1]):
                learn_to_try_again(self._memory, self._tenant, code, case.mark)

    def leave_to_default(self, turns: Sequence[Turn], reader: CaseReader, *, right: bool) -> Playbook | None:
        """Note how an agent without memory went about the last of ``turns``; only cue and situation are kept.

        Args:
            turns: A conversation up to an answered turn.
            reader: Reads it.
            right: Whether the answer was right; if so, it also counts for and against the rules of single tools.
        """
        case = reader.read(turns)
        if case is None:
            return None
        program = LeaveToDefault(tuple(step.tool for step in case.steps))
        same_calls = self._memory.with_signature(self._tenant, signature_of(program))
        near = [(self._memory.similarity(playbook, case.tokens), playbook) for playbook in same_calls]
        best = max(near, key=lambda item: (item[0], item[1].id), default=None)
        if best is not None and best[0] >= self._thresholds.default_similarity:
            kept = self._grown(best[1], case, program)
            self._memory.put(kept)
        else:
            kept = self._found(case, program)
        if right:
            self._count_calls(case)
        return kept

    def _merge_or_found(self, case: TurnCase, binders: Binders, blamed: Playbook | None) -> Playbook:
        signature = signature_of_case(case)
        candidates: list[tuple[float, str, Playbook, Workflow]] = []
        for playbook in self._memory.with_signature(self._tenant, signature):
            similarity = self._memory.similarity(playbook, case.tokens)
            out_of_use = playbook.state is Lifecycle.SUSPENDED and case.tokens in playbook.cue.prototypes
            if not isinstance(playbook.program, Workflow) or not (
                similarity >= self._thresholds.merge_similarity or out_of_use
            ):
                continue
            merged = merge_workflow(playbook.evidence.cases, playbook.program, case, binders)
            if all_consistent(merged):
                candidates.append((similarity, playbook.id, playbook, merged))
        if candidates:
            _, _, playbook, merged = max(candidates, key=lambda item: item[:2])
            grown = self._grown(playbook, case, merged)
            self._memory.put(grown)
            return grown
        contradicted = blamed if blamed is not None and signature_of_playbook(blamed) == signature else None
        return self._found(
            case, found_workflow(case, binders), supersedes=None if contradicted is None else contradicted.id
        )

    def _found(self, case: TurnCase, program: Workflow | LeaveToDefault, *, supersedes: str | None = None) -> Playbook:
        evidence = Evidence(cases=(case.mark,), ranges=widen((), case.features))
        cue = Cue(prototypes=(case.tokens,), terms=case.tokens)
        playbook = found_playbook(self._tenant, PlaybookKind.WORKFLOW, cue, program, evidence, supersedes=supersedes)
        self._memory.put(playbook)
        return playbook

    def _grown(self, playbook: Playbook, case: TurnCase, program: Workflow | LeaveToDefault) -> Playbook:
        cases = (*playbook.evidence.cases, case.mark)[: self._thresholds.most_cases]
        evidence = replace(playbook.evidence, cases=cases, ranges=widen(playbook.evidence.ranges, case.features))
        state = playbook.state
        if state is Lifecycle.SUSPENDED:
            state = Lifecycle.PROBATION
            evidence = replace(evidence, followed_bad=evidence.followed_bad // 2, streak=0)
        if state is Lifecycle.CANDIDATE and any(disjoint(case.mark, known) for known in playbook.evidence.cases):
            state = Lifecycle.PROBATION
        cue = self._wider_cue(playbook.cue, case.tokens)
        return replace(playbook, cue=cue, program=program, evidence=evidence, state=state)

    def _wider_cue(self, cue: Cue, tokens: tuple[str, ...]) -> Cue:
        prototypes = cue.prototypes if tokens in cue.prototypes else (*cue.prototypes, tokens)
        if len(prototypes) > self._thresholds.most_prototypes:
            prototypes = _without_most_redundant(prototypes)
        words = sorted({token for prototype in prototypes for token in prototype})
        least = self._thresholds.term_share * len(prototypes)
        terms = tuple(word for word in words if sum(word in prototype for prototype in prototypes) >= least)
        return replace(cue, prototypes=prototypes, terms=terms)

    def _learn_names(self, turn: Turn, mark: CaseMark) -> None:
        """Learn what names look like from the records that calls returned; of contacts, nothing of their names."""
        words = self._memory.words_to_teach(self._tenant)
        public = self._schemas.public
        for row in _rows_in(turn):
            key, name = next(iter(row), ""), row.get("name")
            if not isinstance(name, str):
                continue
            if key in _NAMED:
                words.see_name(_NAMED[key], name, public)
            elif key == "handle":
                words.see_value(PERSON, name, mark, public)
            for field in _TELLING_VALUES:
                value = row.get(field)
                if isinstance(value, str) and value:
                    words.see_value(field, value, mark_case((name,)), public)

    def _learn_words(self, turn: Turn, case: TurnCase, reader: CaseReader) -> None:
        words = self._memory.words_to_teach(self._tenant)
        percept = reader.situation((turn,), steps=False).percept
        words.see_text(percept)
        public = self._schemas.public
        for step in case.steps:
            for path, explained in step.arguments.items():
                param = path.rpartition(".")[2]
                value = explained.value
                if isinstance(value, str) and any(isinstance(source, Lex) for source in explained.sources):
                    words.see_phrases(param, percept, public.guard(value), case.mark, public)
                if isinstance(value, (str, int, float)) and not is_list(value):
                    binder = reader.binder((turn,), values_of(step.arguments))
                    for source in explained.sources:
                        if isinstance(source, Cond):
                            key = binder.value(source.key)
                            if isinstance(key, (str, int, float)):
                                words.see(f"table:{source.table}", public.guard(key), public.guard(value), case.mark)

    def learn_rules(self, case: TurnCase, binders: Binders) -> None:
        """Learn the rules of single tools that a case shows."""
        for place, step in enumerate(case.steps):
            if not step.ok or not is_writing(step.tool):
                continue
            known = {
                rule.program.argument: rule
                for rule in self._memory.rules(self._tenant, "habit", step.tool)
                if isinstance(rule.program, Habit)
            }
            for argument in sorted(step.arguments):
                self._memory.put(self._habit(known.get(argument), argument, step, case, binders=binders))
            self._learn_follows(case, place, binders)

    def _habit(
        self, known: Playbook | None, argument: str, step: StepCase, case: TurnCase, *, binders: Binders
    ) -> Playbook:
        others = {path: seen for path, seen in sorted(step.arguments.items()) if path != argument}
        if known is None or not isinstance(known.program, Habit):
            binder = binders.with_arguments(step.arguments)
            slots = tuple(new_slot(path, seen.sources, binder, 0) for path, seen in others.items())
            program = Habit(step.tool, argument, 1, slots)
            cue = Cue(terms=(step.tool, argument))
            return found_playbook(self._tenant, PlaybookKind.RULE, cue, program, Evidence(cases=(case.mark,)))
        slots = merge_slots(known.evidence.cases, known.program.slots, others, binders, case.mark)
        return self._grown_rule(known, case, replace(known.program, calls=known.program.calls + 1, slots=slots))

    def _learn_follows(self, case: TurnCase, place: int, binders: Binders) -> None:
        step = case.steps[place]
        later = {other.tool: other for other in reversed(case.steps[place + 1 :]) if is_writing(other.tool)}
        rules = self._memory.rules(self._tenant, "follow", step.tool)
        known: dict[tuple[str, str], Playbook] = {}
        for rule in rules:
            if isinstance(rule.program, Follow):
                known[rule.program.argument, rule.program.step.tool] = rule
        for path in sorted(step.arguments):
            for tool, other in sorted(later.items()):
                if (path, tool) not in known:
                    slots = tuple(
                        new_slot(name, seen.sources, binders.with_arguments(other.arguments), 0)
                        for name, seen in sorted(other.arguments.items())
                    )
                    self._memory.put(
                        found_playbook(
                            self._tenant,
                            PlaybookKind.RULE,
                            Cue(terms=(step.tool, path)),
                            Follow(step.tool, path, StepPlan(tool, slots), 1, 1),
                            Evidence(cases=(case.mark,)),
                        )
                    )
        for (path, tool), rule in sorted(known.items()):
            if path in step.arguments and isinstance(rule.program, Follow):
                self._memory.put(self._grown_follow(rule, rule.program, later.get(tool), case, binders))

    def _grown_follow(
        self, rule: Playbook, program: Follow, step: StepCase | None, case: TurnCase, binders: Binders
    ) -> Playbook:
        if step is None:
            return replace(rule, program=replace(program, calls=program.calls + 1))
        slots = merge_slots(rule.evidence.cases, program.step.slots, step.arguments, binders, case.mark)
        grown = replace(
            program,
            calls=program.calls + 1,
            followed=program.followed + 1,
            step=StepPlan(program.step.tool, slots),
        )
        return self._grown_rule(rule, case, grown)

    def _grown_rule(self, rule: Playbook, case: TurnCase, program: Habit | Follow) -> Playbook:
        cases = (*rule.evidence.cases, case.mark)[: self._thresholds.most_cases]
        return replace(rule, program=program, evidence=replace(rule.evidence, cases=cases))

    def _count_calls(self, case: TurnCase) -> None:
        """Count calls that an agent without memory made rightly against rules that would have added something."""
        for place, step in enumerate(case.steps):
            later = {other.tool for other in case.steps[place + 1 :]}
            for rule in self._memory.rules(self._tenant, "habit", step.tool):
                if isinstance(rule.program, Habit) and rule.program.argument in step.arguments:
                    self._memory.put(replace(rule, program=replace(rule.program, calls=rule.program.calls + 1)))
            for rule in self._memory.rules(self._tenant, "follow", step.tool):
                if isinstance(rule.program, Follow) and rule.program.argument in step.arguments:
                    followed = rule.program.followed + (rule.program.step.tool in later)
                    program = replace(rule.program, calls=rule.program.calls + 1, followed=followed)
                    self._memory.put(replace(rule, program=program))


def _tried_again(turn: Turn) -> Iterator[str]:
    """Yield the code of every error after which the same call was made again."""
    for step, following in pairwise(turn.steps):
        if step.result.error is not None and step.call == following.call:
            yield step.result.error.code.value


def _rows_in(turn: Turn) -> list[RowView]:
    """Return the records that the calls of a turn returned."""
    return [row for step in number_steps(turn.steps) for rows in step.row_sets.values() for row in rows]


_NAMED = {"opportunity_id": "opportunity", "client_id": CLIENT, "company_id": CLIENT}
"""What the names of records speak for, by the field that identifies the record; companies are named like clients."""

_TELLING_VALUES = (TITLE, "industry", "territory", "role")
"""Fields whose values are called by their names."""


def signature_of_playbook(playbook: Playbook) -> Signature:
    """Return the signature of a playbook's workflow; empty for any other program."""
    program = playbook.program
    return signature_of(program) if isinstance(program, (Workflow, LeaveToDefault)) else ()


def _without_most_redundant(prototypes: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Drop the message that is most like another one."""

    def overlap(place: int) -> float:
        own = set(prototypes[place])
        return max(
            len(own & set(other)) / max(1, len(own | set(other)))
            for index, other in enumerate(prototypes)
            if index != place
        )

    worst = max(range(len(prototypes)), key=lambda place: (overlap(place), -place))
    return prototypes[:worst] + prototypes[worst + 1 :]
