"""Moving deals through the stages: said plainly, said in house words, skipping a stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import ChangeNote, StageLadder, Term, Vocabulary
from atlas.scenarios.conventions.deals import CLOSED_STAGES, OPEN_STAGES, STAGES
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import deal_updated, may_note, note_on_deal, refusal
from atlas.scenarios.families.mending import (
    Seek,
    Slip,
    Target,
    Work,
    blunder_of,
    both_paths,
    deal_target,
    mended_case,
    note_work,
)
from atlas.scenarios.families.moves import modify_deal, seek_deal
from atlas.scenarios.families.turns import in_turns, telling
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal, Solution


def stage_goal(
    desk: Desk, deal: Row, stage: str
) -> tuple[dict[str, object], str | None, tuple[ExpectedChange, ...], tuple[ChangePattern, ...]]:
    """Return what is set with a stage, the note that goes with it, what has to change, and what else may."""
    values = desk.house.stage_values(stage)
    note = desk.house.note_after("stage", stage)
    if note is None:
        return values, None, (deal_updated(deal, values),), (may_note(deal),)
    return values, note, (deal_updated(deal, values), note_on_deal(deal, note)), ()


def read_deal(plan: Plan, deal_id: str) -> None:
    """Read everything about a deal."""
    plan.call("view_opportunity_details", opportunity_id=deal_id)


def stage_work(desk: Desk, target: Target, stage: str) -> Work:
    """Return the work of setting the stage of a deal, and what the house wants with it."""
    values, note, expected, allowed = stage_goal(desk, target.row, stage)

    def do(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, note)

    return Work(do, f"{target.called} is in {stage} now.", expected, allowed)


def _move_case(
    desk: Desk, target: Target, stage: str, slots: dict[str, str] | None = None, tags: tuple[str, ...] = ()
) -> Case:
    work = stage_work(desk, target, stage)
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    slots = {"deal": target.called, **(slots or {"stage": stage})}
    return Case(slots, target.actor, goal, both_paths(target, work), tags=tags)


def _free(desk: Desk, deal: Row, among: Sequence[str]) -> Sequence[str]:
    """Return the stages among those given that ``deal`` can be set to at once, with nothing missing."""
    return [stage for stage in desk.free_stages(deal) if stage in among]


def _draw_plain(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: bool(_free(desk, row, OPEN_STAGES)))
    return _move_case(desk, target, desk.pick(_free(desk, target.row, OPEN_STAGES)))


def _draw_close(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: bool(_free(desk, row, CLOSED_STAGES)))
    return _move_case(desk, target, desk.pick(_free(desk, target.row, CLOSED_STAGES)))


def _draw_same_again(desk: Desk) -> Case:
    """A manager moves a deal, and then another one to the same stage."""
    first = deal_target(desk, lambda row: bool(_free(desk, row, OPEN_STAGES)))
    stage = desk.pick(_free(desk, first.row, OPEN_STAGES))
    second = deal_target(
        desk, lambda row: row["opportunity_id"] != first.row["opportunity_id"] and stage in desk.free_stages(row)
    )
    works = (stage_work(desk, first, stage), stage_work(desk, second, stage))

    def play(seekers: tuple[Seek, Seek]) -> Solution:
        plan = Plan()
        for seek, work in zip(seekers, works, strict=True):
            work.do(plan, seek(plan))
            plan.respond(work.done)
        return plan.solution()

    goal = Goal(
        expected_changes=tuple(change for work in works for change in work.expected),
        allowed_changes=tuple(pattern for work in works for pattern in work.allowed),
    )
    slots = {"deal": first.called, "stage": stage, "other": second.called}
    solutions = tuple(play(pair) for pair in zip(first.seekers, second.seekers, strict=True))
    return Case(slots, desk.manager().handle, goal, solutions)


_REMARKS = (
    "Met the whole buying team, good mood.", "They want monthly invoices.", "Next call is on Thursday.",
    "Pricing was no issue at all.", "Their lawyer still has questions.", "Wants to see a reference first.",
    "Compares us with two other suppliers.", "Asked for delivery in two lots.",
)  # fmt: skip


def _draw_with_remark(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: bool(_free(desk, row, OPEN_STAGES)))
    stage, content = desk.pick(_free(desk, target.row, OPEN_STAGES)), desk.pick(_REMARKS)
    slots = {"deal": target.called, "stage": stage, "content": content}
    return in_turns(target, slots, (stage_work(desk, target, stage), note_work(target, content)))


STAGE_MOVE = Family(
    name="stage_move",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(ChangeNote,),
    share=4,
    blueprints=(
        Blueprint("next_stage", "success", _draw_plain),
        Blueprint("closing", "success", _draw_close),
        Blueprint("same_again", "success", _draw_same_again),
        Blueprint("with_remark", "success", _draw_with_remark),
    ),
)


def _stage_words(desk: Desk) -> Sequence[Term]:
    return desk.house.need(Vocabulary).of(Entity.OPPORTUNITY, "stage")


def _reachable_words(desk: Desk, deal: Row) -> Sequence[Term]:
    free = desk.free_stages(deal)
    return [term for term in _stage_words(desk) if term.value in free]


def word_tag(term: Term) -> tuple[str, ...]:
    """Return the tag that tells an English house word from an invented one."""
    return ("natural",) if term.natural else ("opaque",)


def _draw_nickname(desk: Desk) -> Case:
    target = deal_target(desk, lambda row: bool(_reachable_words(desk, row)))
    term = desk.pick(_reachable_words(desk, target.row))
    return _move_case(desk, target, term.value, {"word": term.nickname}, word_tag(term))


def _draw_corrected(desk: Desk) -> Case:
    """Two turns: the second takes back the first, whose stage is one from which the second can be reached."""
    deal = desk.open_deal(lambda row: len(_reachable_words(desk, row)) > 1)
    wrong, right = desk.rng.sample(list(_reachable_words(desk, deal)), 2)
    files = desk.shelf.files_of(deal)
    if not desk.house.moves_freely(dict(deal, stage=wrong.value), right.value, file_names=files):
        wrong, right = right, wrong
        if not desk.house.moves_freely(dict(deal, stage=wrong.value), right.value, file_names=files):
            raise NothingFitsError("neither stage can be reached from the other")
    first_values, first_note, first_expected, _ = stage_goal(desk, deal, wrong.value)
    values, note, expected, allowed = stage_goal(desk, deal, right.value)

    def play(*, twice: bool) -> Plan:
        plan = Plan()
        deal_id = seek_deal(plan, deal)
        if twice:
            read_deal(plan, deal_id)
        modify_deal(plan, deal_id, first_values, first_note)
        plan.respond(f"{deal['name']} is in {wrong.value} now.")
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"Corrected: {deal['name']} is in {right.value}.")
        return plan

    noted = tuple(change for change in first_expected if change.entity is Entity.NOTE)
    goal = Goal(expected_changes=(*expected, *noted), allowed_changes=allowed)
    slots = {"deal": str(deal["name"]), "wrong": wrong.nickname, "word": right.nickname}
    solutions = (play(twice=False).solution(), play(twice=True).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, tags=word_tag(right))


def _draw_asked_then_set(desk: Desk) -> Case:
    """The user asks where a deal stands, and then says in the house's words where it ought to."""
    target = deal_target(desk, lambda row: bool(_reachable_words(desk, row)))
    term, present = desk.pick(_reachable_words(desk, target.row)), target.row["stage"]
    works = (
        telling(f"{target.called} is in {present}.", {"stage": present}),
        stage_work(desk, target, term.value),
    )
    case = in_turns(target, {"deal": target.called, "word": term.nickname}, works)
    return dataclasses.replace(case, tags=word_tag(term))


STAGE_WORDS = Family(
    name="stage_words",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(Vocabulary,),
    share=8,
    blueprints=(
        Blueprint("house_word", "success", _draw_nickname),
        Blueprint("corrected", "success", _draw_corrected),
        Blueprint("asked_then_set", "success", _draw_asked_then_set),
    ),
)


def _skipping(desk: Desk, deal: Row) -> Sequence[str]:
    """Return the stages that the ladder does not let ``deal`` go to at once, but one after the other."""
    ladder = desk.house.need(StageLadder)
    files = desk.shelf.files_of(deal)
    found: list[str] = []
    for target in (*OPEN_STAGES, "Closed-Won"):
        if target in ladder.transitions()[str(deal["stage"])] or target == deal["stage"]:
            continue
        steps = ladder.steps(str(deal["stage"]), target)
        before = dict(deal)
        for step in steps:
            if not desk.house.moves_freely(before, step, file_names=files):
                break
            before["stage"] = step
        else:
            found.append(target)
    return found


def _skip(desk: Desk) -> tuple[Target, str]:
    """Return a deal and a stage that it cannot go to without the stages between."""
    target = deal_target(desk, lambda row: bool(_skipping(desk, row)))
    return target, desk.pick(_skipping(desk, target.row))


def _draw_walk(desk: Desk) -> Case:
    target, stage = _skip(desk)
    steps = desk.house.need(StageLadder).steps(str(target.row["stage"]), stage)
    notes = [note for step in steps if (note := desk.house.note_after("stage", step)) is not None]
    values: dict[str, object] = {}
    for step in steps:
        values |= desk.house.stage_values(step)

    def climb(plan: Plan, deal_id: str) -> None:
        for step in steps:
            modify_deal(plan, deal_id, desk.house.stage_values(step), desk.house.note_after("stage", step))

    expected = (deal_updated(target.row, values), *(note_on_deal(target.row, note) for note in notes))
    done = f"{target.called} went through {', '.join(steps)} and is in {stage} now."
    work = Work(climb, done, expected, () if notes else (may_note(target.row),))
    goal = Goal(expected_changes=work.expected, allowed_changes=work.allowed)
    return Case({"stage": stage, "deal": target.called}, target.actor, goal, both_paths(target, work))


def _no_skipping(target: Target, stage: str) -> str:
    return f"{target.called} is in {target.row['stage']}; going straight to {stage} is against our policy."


def _draw_refused_skip(desk: Desk) -> Case:
    """The response has to name the stage that the deal is in, which the user does not say."""
    target, stage = _skip(desk)
    plans = (Plan(), Plan())
    for plan, seek in zip(plans, target.seekers, strict=True):
        read_deal(plan, seek(plan))
        plan.decline(_no_skipping(target, stage), ReasonCode.POLICY_VIOLATION)
    goal = Goal(
        allowed_changes=(may_note(target.row),),
        must_refuse=refusal(ReasonCode.POLICY_VIOLATION, str(target.row["stage"])),
    )
    solutions = tuple(plan.solution() for plan in plans)
    blunder = blunder_of(target.seekers[0], partial(target.change, values={"stage": stage}))
    return Case({"stage": stage, "deal": target.called}, target.actor, goal, solutions, blunder=blunder)


def _draw_smaller_step(desk: Desk) -> Case:
    target, stage = _skip(desk)
    following = STAGES[STAGES.index(str(target.row["stage"])) + 1]
    slip = Slip(
        about=(str(target.row["stage"]),),
        message=_no_skipping(target, stage),
        mend=f"Then only as far as {following}.",
        bad=partial(target.change, values={"stage": stage}),
        reason=ReasonCode.POLICY_VIOLATION,
        look=read_deal,
    )
    slots = {"stage": stage, "deal": target.called, "smaller": following}
    return mended_case(target, slots, slip, stage_work(desk, target, following))


def _draw_back(desk: Desk) -> Case:
    """Back is never a skip: the counterpart that keeps an agent from refusing every jump."""
    target = deal_target(desk, lambda row: row["stage"] == "Negotiation" and bool(_free(desk, row, OPEN_STAGES)))
    return _move_case(desk, target, desk.pick(_free(desk, target.row, OPEN_STAGES)))


STAGE_LADDER = Family(
    name="stage_ladder",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(StageLadder,),
    share=5,
    blueprints=(
        Blueprint(
            "skip_walked",
            "success",
            _draw_walk,
            when=lambda house: house.need(StageLadder).on_skip == "walk",
        ),
        Blueprint(
            "skip_declined",
            "failure",
            _draw_refused_skip,
            when=lambda house: house.need(StageLadder).on_skip == "refuse",
            failure="skipped_stage",
        ),
        Blueprint(
            "smaller_step",
            "failure",
            _draw_smaller_step,
            when=lambda house: house.need(StageLadder).on_skip == "refuse",
            failure="skipped_stage",
        ),
        Blueprint("one_back", "success", _draw_back),
    ),
)


FAMILIES = (STAGE_MOVE, STAGE_WORDS, STAGE_LADDER)
