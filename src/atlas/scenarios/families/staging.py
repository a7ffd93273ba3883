"""Moving deals through the stages: said plainly, said in house words, skipping a stage."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import ChangeNote, StageLadder, Term, Vocabulary
from atlas.scenarios.conventions.deals import CLOSED_STAGES, OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.expect import deal_updated, may_note, note_on_deal, refusal
from atlas.scenarios.families.moves import both_ways, modify_deal, seek_deal
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal


def stage_goal(
    desk: Desk, deal: Row, stage: str
) -> tuple[dict[str, object], str | None, tuple[ExpectedChange, ...], tuple[ChangePattern, ...]]:
    """Return what is set with a stage, the note that goes with it, what has to change, and what else may."""
    values = desk.house.stage_values(stage)
    note = desk.house.note_after("stage", stage)
    if note is None:
        return values, None, (deal_updated(deal, values),), (may_note(deal),)
    return values, note, (deal_updated(deal, values), note_on_deal(deal, note)), ()


def _move_case(desk: Desk, deal: Row, stage: str, slots: dict[str, str], tags: tuple[str, ...] = ()) -> Case:
    values, note, expected, allowed = stage_goal(desk, deal, stage)

    def rest(plan: Plan, deal_id: str) -> None:
        modify_deal(plan, deal_id, values, note)
        plan.respond(f"{deal['name']} is in {stage} now.")

    goal = Goal(expected_changes=expected, allowed_changes=allowed)
    return Case({"deal": str(deal["name"]), **slots}, desk.actor_for(deal), goal, both_ways(deal, rest), tags=tags)


def _draw_plain(desk: Desk) -> Case:
    deal = desk.open_deal(lambda row: bool(_open_targets(desk, row)))
    stage = desk.pick(_open_targets(desk, deal))
    return _move_case(desk, deal, stage, {"stage": stage})


def _open_targets(desk: Desk, deal: Row) -> Sequence[str]:
    return [stage for stage in desk.free_stages(deal) if stage in OPEN_STAGES]


def _draw_close(desk: Desk) -> Case:
    deal = desk.open_deal(lambda row: any(stage in CLOSED_STAGES for stage in desk.free_stages(row)))
    stage = desk.pick(stage for stage in desk.free_stages(deal) if stage in CLOSED_STAGES)
    return _move_case(desk, deal, stage, {"stage": stage})


STAGE_MOVE = Family(
    name="stage_move",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(ChangeNote,),
    share=4,
    blueprints=(
        Blueprint(
            "next_stage",
            "success",
            _draw_plain,
        ),
        Blueprint(
            "closing",
            "success",
            _draw_close,
        ),
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
    deal = desk.open_deal(lambda row: bool(_reachable_words(desk, row)))
    term = desk.pick(_reachable_words(desk, deal))
    slots = {"word": term.nickname, "client": str(desk.shelf.client_of(deal)["name"])}
    return _move_case(desk, deal, term.value, slots, word_tag(term))


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
            plan.call("view_opportunity_details", opportunity_id=deal_id)
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


STAGE_WORDS = Family(
    name="stage_words",
    task="MODIFY OPPORTUNITY",
    level=2,
    needs=(Vocabulary,),
    share=8,
    blueprints=(
        Blueprint(
            "house_word",
            "success",
            _draw_nickname,
        ),
        Blueprint(
            "corrected",
            "success",
            _draw_corrected,
        ),
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


def _draw_skip(desk: Desk) -> tuple[Row, str]:
    deal = desk.open_deal(lambda row: bool(_skipping(desk, row)))
    target = desk.pick(_skipping(desk, deal))
    return deal, target


def _draw_walk(desk: Desk) -> Case:
    deal, target = _draw_skip(desk)
    steps = desk.house.need(StageLadder).steps(str(deal["stage"]), target)
    notes = [note for step in steps if (note := desk.house.note_after("stage", step)) is not None]
    values: dict[str, object] = {}
    for step in steps:
        values |= desk.house.stage_values(step)

    def rest(plan: Plan, deal_id: str) -> None:
        for step in steps:
            modify_deal(plan, deal_id, desk.house.stage_values(step), desk.house.note_after("stage", step))
        plan.respond(f"{deal['name']} went through {', '.join(steps)} and is in {target} now.")

    expected = (deal_updated(deal, values), *(note_on_deal(deal, note) for note in notes))
    goal = Goal(expected_changes=expected, allowed_changes=() if notes else (may_note(deal),))
    slots = {"stage": target, "deal": str(deal["name"])}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_refused_skip(desk: Desk) -> Case:
    deal, target = _draw_skip(desk)

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("view_opportunity_details", opportunity_id=deal_id)
        plan.decline(
            f"{deal['name']} is in {deal['stage']}; going straight to {target} is against our policy.",
            ReasonCode.POLICY_VIOLATION,
        )

    about = (target, str(deal["stage"]))
    goal = Goal(allowed_changes=(may_note(deal),), must_refuse=refusal(ReasonCode.POLICY_VIOLATION, *about))
    slots = {"stage": target, "deal": str(deal["name"])}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_skip_back(desk: Desk) -> Case:
    """Back is never a skip: the counterpart that keeps an agent from refusing every jump."""
    deal = desk.open_deal(
        lambda row: any(_is_back(row, stage) for stage in desk.free_stages(row)) and row["stage"] == "Negotiation"
    )
    stage = desk.pick(stage for stage in desk.free_stages(deal) if _is_back(deal, stage))
    return _move_case(desk, deal, stage, {"stage": stage})


def _is_back(deal: Row, stage: str) -> bool:
    return stage in OPEN_STAGES and OPEN_STAGES.index(stage) < OPEN_STAGES.index(str(deal["stage"]))


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
        ),
        Blueprint(
            "one_back",
            "success",
            _draw_skip_back,
        ),
    ),
)


FAMILIES = (STAGE_MOVE, STAGE_WORDS, STAGE_LADDER)
