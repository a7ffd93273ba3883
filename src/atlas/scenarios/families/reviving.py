"""Deals and quotes that end or begin again: copies, reopened deals, quotes that are taken back or sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias, cast

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import QuoteWithdrawal, Reopening, StageDocument, Term, Vocabulary
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import created, may_note, refusal, updated
from atlas.scenarios.families.mending import blunder_of, change_work, deal_target
from atlas.scenarios.families.moves import both_ways, seek_and_read_deal, seek_deal
from atlas.scenarios.families.quote_rows import quoted_deal
from atlas.scenarios.families.retrying import Rebuff, second_try
from atlas.scenarios.families.staging import word_tag
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import PatchedRow
from atlas.verify.goals import ChangePattern, Goal, Operation

_OPEN_QUOTES = ("Draft", "Sent")


def clone_values(deal: Row) -> dict[str, object]:
    """Return what a clone of ``deal`` holds (shown values; None where the field is empty)."""
    return {
        "name": f"{deal['name']} (Clone)",
        "client_id": deal["client_id"],
        "stage": deal["stage"] if is_open(deal) else "Prospecting",
        "amount": shown_amount(deal["amount"]),
        "close_date": deal["close_date"],
        "owner": deal["owner"],
        "probability": deal["probability"],
        "notes": deal["notes"],
    }


def _copyable_deal(desk: Desk) -> Row:
    """Return a deal whose stage a copy, which has no documents, can be in."""
    paper = desk.house.get(StageDocument)
    return desk.open_deal(lambda row: paper is None or row["stage"] != paper.stage)


def _draw_clone(desk: Desk) -> Case:
    deal = _copyable_deal(desk)

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("clone_opportunity", opportunity_id=deal_id)
        plan.respond(f"{deal['name']} has a copy now: {deal['name']} (Clone).")

    goal = Goal(expected_changes=(created(Entity.OPPORTUNITY, clone_values(deal)),))
    return Case({"deal": str(deal["name"])}, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_clone_renamed(desk: Desk) -> Case:
    """A copy with another amount, said in a second turn."""
    deal = _copyable_deal(desk)
    amount = desk.round_amount(12, 150)
    if amount == deal["amount"]:
        raise NothingFitsError("the copy has that amount already")
    values = {**clone_values(deal), "amount": shown_amount(amount)}
    note = desk.house.note_after("amount", values["amount"])

    def play(*, by_client: bool) -> Plan:
        plan = Plan()
        deal_id = seek_and_read_deal(plan, deal) if by_client else seek_deal(plan, deal)
        clone = plan.call("clone_opportunity", opportunity_id=deal_id)
        plan.respond(f"{deal['name']} has a copy now: {deal['name']} (Clone).")
        clone_id = clone.at("opportunity_id")
        plan.call("modify_opportunity", opportunity_id=clone_id, amount=values["amount"])
        if note is not None:
            plan.call("add_note", entity_type="Opportunity", entity_id=clone_id, content=note)
        plan.respond(f"The copy is at {values['amount']}.")
        return plan

    changes = [created(Entity.OPPORTUNITY, values, label="clone")]
    if note is not None:
        changes.append(
            created(Entity.NOTE, {"entity_type": "Opportunity", "content": note}, refs={"entity_id": "clone"})
        )
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount)}
    solutions = (play(by_client=False).solution(), play(by_client=True).solution())
    return Case(slots, desk.actor_for(deal), Goal(expected_changes=tuple(changes)), solutions)


DEAL_CLONE = Family(
    name="deal_clone",
    task="CLONE OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("copy", "success", _draw_clone),
        Blueprint("copy_then_amount", "success", _draw_clone_renamed),
    ),
)


def _draw_reopen(desk: Desk) -> Case:
    rule = desk.house.need(Reopening)
    deal = desk.deal(lambda row: row["stage"] == "Closed-Lost")
    day = rule.close_date(desk.today)
    values = {**clone_values(deal), "close_date": day}
    note = desk.house.note_after("close_date", day)

    def rest(plan: Plan, deal_id: str) -> None:
        clone_id = plan.call("clone_opportunity", opportunity_id=deal_id).at("opportunity_id")
        plan.call("modify_opportunity", opportunity_id=clone_id, close_date=day)
        if note is not None:
            plan.call("add_note", entity_type="Opportunity", entity_id=clone_id, content=note)
        plan.respond(f"{deal['name']} lives on as {deal['name']} (Clone), close date {day}.")

    changes = [created(Entity.OPPORTUNITY, values, label="clone")]
    if note is not None:
        changes.append(
            created(Entity.NOTE, {"entity_type": "Opportunity", "content": note}, refs={"entity_id": "clone"})
        )
    slots = {"deal": str(deal["name"]), "client": str(desk.shelf.client_of(deal)["name"])}
    goal = Goal(expected_changes=tuple(changes))
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest))


def _draw_late_date(desk: Desk) -> Case:
    """A closed deal is to change without being reopened; the user then sees that another one is meant."""
    deal = desk.deal(lambda row: not is_open(row))
    target = deal_target(desk, lambda row: row["owner"] == deal["owner"])
    day = desk.coming_day(10, 90, instead_of=target.row["close_date"])

    def insist(plan: Plan) -> None:
        plan.call("modify_opportunity", opportunity_id=seek_deal(plan, deal), close_date=day)

    rebuff = Rebuff(
        reason=ReasonCode.CLOSED_RECORD,
        about=("closed", str(deal["name"]), str(deal["stage"])),
        message=f"{deal['name']} is closed ({deal['stage']}) and stays as it is.",
        mend=f"I had the wrong deal. It is {target.called} that gets this date.",
        looks=(insist, partial(seek_and_read_deal, deal=deal)),
        bad=insist,
    )
    slots = {"deal": str(deal["name"]), "day": desk.day(day), "other": target.called}
    return second_try(slots, target.actor, rebuff, change_work(desk, target, {"close_date": day}), target.seekers)


REOPENING = Family(
    name="reopening",
    task="CLONE OPPORTUNITY",
    level=2,
    needs=(Reopening,),
    share=4,
    blueprints=(
        Blueprint("reopen", "success", _draw_reopen),
        Blueprint("changed_late", "failure", _draw_late_date, failure="closed_record"),
    ),
)


_Quoted: TypeAlias = tuple[Row, Row, tuple[PatchedRow, ...]]
"""A deal, its only quote, and the quote as a row to be put in where the pool had none in the right status."""


def _quoted(desk: Desk, status: str, fits: Callable[[Row, Row], bool] = lambda _deal, _quote: True) -> _Quoted:
    """Return an open deal whose only quote is in that status, the two of them fitting."""
    pairs = [
        (deal, quotes[0])
        for deal in desk.shelf.deals
        if is_open(deal) and len(quotes := desk.shelf.quotes_of(deal)) == 1 and fits(deal, quotes[0])
    ]
    found = [(deal, quote) for deal, quote in pairs if quote["status"] == status]
    if found:
        return (*desk.pick(found), ())
    deal, quote = desk.pick(pairs)
    quote = {**quote, "status": status}
    return deal, quote, (PatchedRow(Entity.QUOTE, str(quote["quote_id"]), quote),)


def _seek_quote(plan: Plan, deal_id: str) -> str:
    return plan.call("view_opportunity_details", opportunity_id=deal_id).at("quotes.0.quote_id")


def _draw_withdraw(desk: Desk) -> Case:
    rule = desk.house.need(QuoteWithdrawal)
    deal, quote, patch = _quoted(desk, desk.pick(status for status in _OPEN_QUOTES if status != rule.locked))

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("cancel_quote", quote_id=_seek_quote(plan, deal_id))
        plan.respond(f"The quote on {deal['name']} is canceled; we don't delete quotes.")

    goal = Goal(
        expected_changes=(updated(Entity.QUOTE, quote["quote_id"], {"status": "Canceled"}),),
        allowed_changes=(may_note(deal),),
        forbidden=(ChangePattern(Entity.QUOTE, Operation.DELETE),),
    )
    return Case({"deal": str(deal["name"])}, desk.actor_for(deal), goal, both_ways(deal, rest), patch=patch)


def _draw_locked(desk: Desk) -> Case:
    """A quote in the status in which none is taken back; whoever declines names the status, which no user says."""
    rule = desk.house.need(QuoteWithdrawal)
    deal, _, patch = _quoted(desk, rule.locked)

    def rest(plan: Plan, deal_id: str) -> None:
        _seek_quote(plan, deal_id)
        plan.decline(
            f"The quote on {deal['name']} is {rule.locked}; such quotes are not taken back.",
            ReasonCode.POLICY_VIOLATION,
        )

    def insist(plan: Plan, deal_id: str) -> None:
        plan.call("delete_quote", quote_id=_seek_quote(plan, deal_id))

    return Case(
        {"deal": str(deal["name"])},
        desk.actor_for(deal),
        Goal(allowed_changes=(may_note(deal),), must_refuse=refusal(ReasonCode.POLICY_VIOLATION, rule.locked)),
        both_ways(deal, rest),
        patch=patch,
        blunder=blunder_of(partial(seek_deal, deal=deal), insist),
    )


QUOTE_WITHDRAWAL = Family(
    name="quote_withdrawal",
    task="CANCEL QUOTE",
    level=2,
    needs=(QuoteWithdrawal,),
    share=4,
    blueprints=(
        Blueprint("to_be_deleted", "success", _draw_withdraw),
        Blueprint("locked", "failure", _draw_locked, failure="locked_record"),
    ),
)


def _amount_of(quote: Row) -> int:
    return cast("int", quote["amount"])


def _draw_new_amount(desk: Desk) -> Case:
    def repriced_at_will(deal: Row, quote: Row) -> bool:
        cents, full = _amount_of(quote), cast("int", deal["amount"])
        return not any(desk.house.quote_needs_approval(near, full) for near in (cents, cents - 20_000))

    deal, quote, patch = _quoted(desk, "Draft", repriced_at_will)
    whole = _amount_of(quote) // 10_000 * 10_000
    amount = desk.pick(cents for cents in (whole, whole - 10_000) if cents != _amount_of(quote))
    values: dict[str, object] = {"amount": shown_amount(amount)}

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("modify_quote", quote_id=_seek_quote(plan, deal_id), **values)
        plan.respond(f"The quote on {deal['name']} is at {values['amount']} now.")

    goal = Goal(expected_changes=(updated(Entity.QUOTE, quote["quote_id"], values),), allowed_changes=(may_note(deal),))
    slots = {"deal": str(deal["name"]), "amount": desk.money(amount)}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest), patch=patch)


def _status_words(desk: Desk) -> Sequence[Term]:
    terms = desk.house.need(Vocabulary).of(Entity.QUOTE, "status")
    return [term for term in terms if term.value == "Sent"]


def _draw_sent(desk: Desk) -> Case:
    term = desk.pick(_status_words(desk))
    quoted = quoted_deal(desk, "Draft")
    deal, (quote,) = quoted.deal, quoted.quotes

    def rest(plan: Plan, deal_id: str) -> None:
        plan.call("modify_quote", quote_id=_seek_quote(plan, deal_id), status=term.value)
        plan.respond(f"The quote on {deal['name']} is {term.value} now.")

    goal = Goal(
        expected_changes=(updated(Entity.QUOTE, quote["quote_id"], {"status": term.value}),),
        allowed_changes=(may_note(deal),),
    )
    slots = {"deal": str(deal["name"]), "word": term.nickname}
    return Case(slots, desk.actor_for(deal), goal, both_ways(deal, rest), tags=word_tag(term), patch=quoted.patch)


QUOTE_CARE = Family(
    name="quote_care",
    task="MODIFY QUOTE",
    level=2,
    needs=(Vocabulary,),
    share=2,
    blueprints=(
        Blueprint("new_amount", "success", _draw_new_amount),
        Blueprint("status_word", "success", _draw_sent),
    ),
)

FAMILIES = (DEAL_CLONE, REOPENING, QUOTE_WITHDRAWAL, QUOTE_CARE)
