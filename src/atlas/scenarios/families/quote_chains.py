"""Conversations about quotes: which one is meant, and from the first offer to the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast

from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import ContractDocument, StageDocument
from atlas.scenarios.conventions.contracts import last_day_of_term
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import patched, refused_first
from atlas.scenarios.families.expect import created, deal_updated, may_note, may_own, may_version, note_on_deal, told
from atlas.scenarios.families.moves import leave_note, modify_deal
from atlas.scenarios.families.quote_rows import (
    REMARKS,
    Found,
    Quoted,
    amount_of,
    by_amount,
    by_client,
    by_search,
    by_status,
    by_view,
    new_quote,
    offer,
    open_statuses,
    play,
    quotable,
    quote_made,
    quote_set,
    quoted_deal,
    ways,
)
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ChangePattern, CreatedRef, ExpectedChange, Goal, Operation, RequiredQuestion, Solution

# ---------------------------------------------------------------------------------------------------------------------
# Which one is meant


def _draw_on_the_list(desk: Desk) -> Case:
    """Three quotes in the order of their amounts; the second one is canceled."""
    statuses = open_statuses(desk)
    quoted = quoted_deal(desk, *(desk.pick(statuses) for _ in range(3)))
    rows = quoted.by("amount")
    second = rows[1]
    versions = tuple(str(row["version"]) for row in rows)

    def talk(plan: Plan, found: Found) -> None:
        listed = "; ".join(f"version {row['version']}: {amount_of(row)}" for row in rows)
        plan.respond(f"On {quoted.name} there are {listed}.", quotes=list(versions))
        plan.call("cancel_quote", quote_id=found.quote(second))
        plan.respond(f"Version {second['version']} is canceled.")

    goal = Goal(
        expected_changes=(quote_set(second, status="Canceled"),),
        allowed_changes=(may_note(quoted.deal),),
        answers=(told("quotes", versions),),
    )
    solutions = ways(quoted, talk, by_amount, by_view)
    return Case({"deal": quoted.name}, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_no_the_other(desk: Desk) -> Case:
    """The user corrects which quote is meant; the one that was changed gets its old day back."""
    quoted = quoted_deal(desk, *desk.rng.sample(("Draft", "Sent"), 2))
    low, high = quoted.by("amount")
    day = desk.coming_day(20, 90)
    which, wrong, meant = desk.pick(
        (which, wrong, meant)
        for which, wrong, meant in (("cheaper", low, high), ("more expensive", high, low))
        if str(wrong["valid_until"]) >= desk.today.isoformat()
        and day not in (wrong["valid_until"], meant["valid_until"])
    )

    def talk(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(wrong), valid_until=day)
        plan.respond(f"Version {wrong['version']} is valid until {day}.")
        plan.call("modify_quote", quote_id=found.quote(wrong), valid_until=wrong["valid_until"])
        plan.call("modify_quote", quote_id=found.quote(meant), updates={"valid_until": day})
        plan.respond(f"Version {meant['version']} is valid until {day}; version {wrong['version']} is as before.")

    goal = Goal(expected_changes=(quote_set(meant, valid_until=day),), allowed_changes=(may_note(quoted.deal),))
    slots = {"deal": quoted.name, "which": which, "day": desk.day(day)}
    solutions = ways(quoted, talk, by_search, by_amount)
    return Case(slots, desk.actor_for(quoted.deal), goal, solutions, patch=quoted.patch)


def _draw_which_one(desk: Desk) -> Case:
    """Two drafts where the user speaks of one; the question tells which, and the other one is canceled then."""
    quoted = quoted_deal(desk, "Draft", "Draft")
    low, high = quoted.by("amount")
    which = desk.pick(("cheaper", "more expensive"))
    chosen, other = (low, high) if which == "cheaper" else (high, low)

    def talk(plan: Plan, found: Found) -> None:
        listed = " and ".join(f"version {row['version']} for {amount_of(row)}" for row in (low, high))
        plan.ask(f"{quoted.name} has two drafts, {listed}. Which one?", ReasonCode.AMBIGUOUS_REQUEST)
        plan.call("modify_quote", quote_id=found.quote(chosen), status="Sent")
        plan.respond(f"Version {chosen['version']} is Sent.")
        plan.call("cancel_quote", quote_id=found.quote(other))
        plan.respond(f"Version {other['version']} is canceled.")

    def guess(plan: Plan, found: Found) -> None:
        plan.call("modify_quote", quote_id=found.quote(other), status="Sent")
        plan.respond(f"The quote on {quoted.name} is Sent.")

    about = ("which", "version", "two", str(amount_of(low)), str(amount_of(high)))
    goal = Goal(
        expected_changes=(quote_set(chosen, status="Sent"), quote_set(other, status="Canceled")),
        allowed_changes=(may_note(quoted.deal),),
        must_ask=RequiredQuestion(about),
    )
    client = str(desk.shelf.client_of(quoted.deal)["name"])
    return Case(
        {"deal": quoted.name, "client": client},
        desk.actor_for(quoted.deal),
        goal,
        ways(quoted, talk, by_client(desk), by_status("Draft")),
        disclosures=(Disclosure(about, f"Oh, there are two? The {which} one, please."),),
        patch=quoted.patch,
        blunder=play(quoted, guess, by_search),
    )


SECOND_QUOTE = Family(
    name="second_quote",
    task="CANCEL QUOTE",
    level=3,
    share=2,
    blueprints=(
        Blueprint("on_the_list", "success", _draw_on_the_list),
        Blueprint("no_the_other", "success", _draw_no_the_other),
        Blueprint("which_one", "failure", _draw_which_one, failure="several_records"),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------
# From the first offer to the contract

_REASONS = ("Fastest delivery of all bidders", "Convinced by the pilot", "Came back after a bad year elsewhere")
_OTHER_PAPERS = ("acceptance_letter.pdf", "scope_of_work.docx", "kickoff_plan.pptx")


def _move(desk: Desk, plan: Plan, deal_id: str, stage: str, **more: object) -> None:
    values = {**desk.house.stage_values(stage), **more}
    modify_deal(plan, deal_id, values, desk.house.note_after("stage", stage))


def _moved(desk: Desk, stages: Sequence[str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return what a deal holds after it went through ``stages``, and the notes that it got on the way."""
    values: dict[str, object] = {}
    for stage in stages:
        values |= desk.house.stage_values(stage)
    return values, tuple(note for stage in stages if (note := desk.house.note_after("stage", stage)) is not None)


def _papers(desk: Desk, *rules: type[ContractDocument | StageDocument]) -> tuple[str, ...]:
    """Return files with the words in their names that the house wants, or any file where it wants none."""
    wanted = [rule for kind in rules if (rule := desk.house.get(kind)) is not None]
    return tuple(f"{rule.word.replace(' ', '_')}_signed.pdf" for rule in wanted) or (desk.pick(_OTHER_PAPERS),)


def _paper_slots(papers: Sequence[str]) -> dict[str, str]:
    """Return the slots for files: all of them as the user lists them, and each by itself."""
    return {"papers": " and ".join(papers), **{f"paper_{place}": paper for place, paper in enumerate(papers, 1)}}


def _attach(desk: Desk, plan: Plan, deal_id: str, papers: Sequence[str]) -> None:
    for paper in papers:
        stored = desk.house.file_name(paper, desk.today)
        plan.call("upload_document", entity_type="Opportunity", entity_id=deal_id, file_name=stored)


def _attached(desk: Desk, deal: Row, papers: Sequence[str]) -> tuple[ExpectedChange, ...]:
    place = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"]}
    names = (desk.house.file_name(paper, desk.today) for paper in papers)
    return tuple(created(Entity.DOCUMENT, {**place, "file_name": name}) for name in names)


def _term(desk: Desk, cents: int) -> tuple[dict[str, object], dict[str, str]]:
    """Return what a contract holds besides client and deal, and how the user says its days."""
    start = desk.coming_day(10, 60)
    end = last_day_of_term(desk.today.fromisoformat(start), desk.pick((12, 18, 24))).isoformat()
    values: dict[str, object] = {"start_date": start, "end_date": end, "value": shown_amount(cents)}
    return values, {"start": desk.day(start), "end": desk.day(end)}


def _contract_of(deal: Row, term: JsonObject) -> ExpectedChange:
    place = {"client_id": deal["client_id"], "opportunity_id": deal["opportunity_id"], "status": "Pending"}
    return created(Entity.CONTRACT, {**place, **term})


def _notes_besides(deal: Row, notes: Sequence[str]) -> tuple[ChangePattern, ...]:
    return () if notes else (may_note(deal),)


_STEPS = ("Proposal", "Negotiation", "Closed-Won")


@dataclasses.dataclass(frozen=True, slots=True)
class _NewDeal:
    """A deal that is made and won within one conversation.

    Attributes:
        client: Whose it is.
        deal: What it holds at first, besides its client.
        papers: The files that go on it.
        reason: Why it is won.
        quote: What its quote holds at first.
        term: What its contract holds, besides client and deal.
    """

    client: Row
    deal: dict[str, object]
    papers: tuple[str, ...]
    reason: str
    quote: dict[str, object]
    term: dict[str, object]

    def solution(self, desk: Desk, *, reading: bool) -> Solution:
        """Return the solution, with or without a look at what was found and made."""
        plan, name = Plan(), self.deal["name"]
        client_id = plan.call("client_search", name=self.client["name"]).at("results.0.client_id")
        if reading:
            client_id = plan.call("client_details", client_id=client_id).at("client.client_id")
        deal_id = plan.call("create_new_opportunity", client_id=client_id, **self.deal).at("opportunity_id")
        plan.respond(f"{name} is entered.")
        _attach(desk, plan, deal_id, self.papers)
        _move(desk, plan, deal_id, "Proposal")
        plan.respond(f"{name} is in Proposal, with {' and '.join(self.papers)} on it.")
        quote_id = plan.call("create_quote", opportunity_id=deal_id, **self.quote).at("quote_id")
        plan.respond(f"The draft for {self.quote['amount']} is made.")
        if reading:
            quote_id = plan.call("quote_details", quote_id=quote_id).at("quote.quote_id")
        plan.call("modify_quote", quote_id=quote_id, status="Sent")
        plan.respond("The quote is Sent.")
        plan.call("modify_quote", quote_id=quote_id, status="Approved")
        _move(desk, plan, deal_id, "Negotiation")
        plan.respond(f"The quote is Approved, {name} is in Negotiation.")
        _move(desk, plan, deal_id, "Closed-Won", notes=self.reason)
        plan.respond(f"{name} is Closed-Won.")
        plan.call("create_contract", client_id=client_id, opportunity_id=deal_id, **self.term)
        plan.respond(f"The contract runs from {self.term['start_date']} to {self.term['end_date']}.")
        return plan.solution()

    def changes(self, desk: Desk) -> tuple[ExpectedChange, ...]:
        """Return what has to have changed in the end."""
        place, kind = {"client_id": self.client["client_id"]}, {"entity_type": "Opportunity"}
        values, notes = _moved(desk, _STEPS)
        on_it, for_it = {"entity_id": "deal"}, {"opportunity_id": "deal"}
        files = (desk.house.file_name(paper, desk.today) for paper in self.papers)
        return (
            created(Entity.OPPORTUNITY, {**place, **self.deal, **values, "notes": self.reason}, label="deal"),
            *(created(Entity.DOCUMENT, {**kind, "file_name": file}, refs=on_it) for file in files),
            created(Entity.QUOTE, {**self.quote, "status": "Approved"}, refs=for_it),
            created(Entity.CONTRACT, {**place, "status": "Pending", **self.term}, refs=for_it),
            *(created(Entity.NOTE, {**kind, "content": note}, refs=on_it) for note in notes),
        )


def _draw_from_scratch(desk: Desk) -> Case:
    """Seven turns, from a new deal to its contract."""
    client, product = desk.client(), desk.product()
    owner = desk.house.owner_for(client)
    actor = owner or desk.seller().handle
    cents, close = desk.round_amount(20, 110), desk.coming_day(40, 150)
    quoted = offer(desk, {"amount": cents})
    term, days = _term(desk, quoted)
    new = _NewDeal(
        client,
        {
            "name": desk.house.deal_name(str(client["name"]), product, desk.today),
            "amount": shown_amount(cents),
            "close_date": close,
            **desk.house.stage_values("Qualification"),
            **({} if owner is None else {"owner": owner}),
        },
        _papers(desk, StageDocument, ContractDocument),
        desk.pick(_REASONS),
        new_quote(desk, quoted),
        term,
    )
    allowed = (may_version(), *(() if owner else (may_own(Entity.OPPORTUNITY, actor),)))
    if desk.house.note_after("stage", "Proposal") is None:
        allowed += (ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": CreatedRef("deal")}),)
    slots = {"client": str(client["name"]), "product": product, "amount": desk.money(cents), "close": desk.day(close)}
    slots |= {"quoted": desk.money(quoted), "reason": new.reason, **_paper_slots(new.papers), **days}
    goal = Goal(expected_changes=new.changes(desk), allowed_changes=allowed)
    return Case(slots, actor, goal, (new.solution(desk, reading=False), new.solution(desk, reading=True)))


def _has_paper(desk: Desk, deal: Row) -> bool:
    """Tell whether the document is on ``deal`` that one of its next stages may need."""
    rule = desk.house.get(StageDocument)
    return rule is None or any(rule.word in name for name in desk.shelf.files_of(deal))


def _draw_quote_onwards(desk: Desk) -> Case:
    """Five turns, from the first quote on a deal in Qualification."""
    deal = desk.open_deal(
        lambda row: (
            row["stage"] == "Qualification"
            and bool(row["close_date"])
            and not desk.shelf.quotes_of(row)
            and quotable(desk, row)
            and _has_paper(desk, row)
        )
    )
    quoted, cents = Quoted(deal, ()), offer(desk, deal)
    papers, reason = _papers(desk, ContractDocument), desk.pick(_REASONS)
    quote, (term, days) = new_quote(desk, cents), _term(desk, cents)

    def talk(plan: Plan, found: Found) -> None:
        quote_id = plan.call("create_quote", opportunity_id=found.deal_id, **quote).at("quote_id")
        plan.respond(f"The draft for {quote['amount']} is made.")
        plan.call("modify_quote", quote_id=quote_id, status="Sent")
        _move(desk, plan, found.deal_id, "Proposal")
        plan.respond(f"The quote is Sent, {quoted.name} is in Proposal.")
        plan.call("modify_quote", quote_id=quote_id, status="Approved")
        _move(desk, plan, found.deal_id, "Negotiation")
        plan.respond(f"The quote is Approved, {quoted.name} is in Negotiation.")
        _move(desk, plan, found.deal_id, "Closed-Won", notes=reason)
        plan.respond(f"{quoted.name} is Closed-Won.")
        _attach(desk, plan, found.deal_id, papers)
        plan.call("create_contract", client_id=found.client_id, opportunity_id=found.deal_id, **term)
        plan.respond(f"The contract runs from {term['start_date']} to {term['end_date']}.")

    values, notes = _moved(desk, _STEPS)
    goal = Goal(
        expected_changes=(
            quote_made(deal, {**quote, "status": "Approved"}),
            deal_updated(deal, {**values, "notes": reason}),
            *(note_on_deal(deal, note) for note in notes),
            *_attached(desk, deal, papers),
            _contract_of(deal, term),
        ),
        allowed_changes=(may_version(), *_notes_besides(deal, notes)),
    )
    client = str(desk.shelf.client_of(deal)["name"])
    slots = {"deal": quoted.name, "client": client, "amount": desk.money(cents), "reason": reason}
    slots |= {**_paper_slots(papers), **days}
    return Case(slots, desk.actor_for(deal), goal, ways(quoted, talk, by_search, by_client(desk)))


def _in_negotiation(quoted: Quoted) -> Quoted:
    """Return the deal with its quotes, put into Negotiation where it is in another stage."""
    if quoted.deal["stage"] == "Negotiation":
        return quoted
    deal: Row = {**quoted.deal, "stage": "Negotiation"}
    return dataclasses.replace(quoted, deal=deal, patch=(patched(Entity.OPPORTUNITY, deal), *quoted.patch))


def _draw_late_change(desk: Desk) -> Case:
    """Six turns; in the fourth the user wants another amount of a deal that is won by then."""
    quoted = _in_negotiation(quoted_deal(desk, "Sent", "Sent", fits=lambda row: is_open(row) and _has_paper(desk, row)))
    deal = quoted.deal
    low, high = quoted.by("amount")
    versions = tuple(str(row["version"]) for row in (low, high))
    papers, reason, content = _papers(desk, ContractDocument), desk.pick(_REASONS), desk.pick(REMARKS)
    late = desk.round_amount(12, 110)
    if late == deal["amount"]:
        raise NothingFitsError("the deal has that amount already")
    term, days = _term(desk, cast("int", deal["amount"]))

    def first_turns(plan: Plan, found: Found) -> None:
        plan.respond(f"Versions {' and '.join(versions)}, both Sent.", quotes=list(versions))
        plan.call("modify_quote", quote_id=found.quote(low), status="Approved")
        plan.call("modify_quote", quote_id=found.quote(high), status="Rejected")
        plan.respond(f"Version {low['version']} is Approved, version {high['version']} Rejected.")
        _move(desk, plan, found.deal_id, "Closed-Won", notes=reason)
        plan.respond(f"{quoted.name} is Closed-Won.")

    def talk(plan: Plan, found: Found) -> None:
        first_turns(plan, found)
        plan.decline(f"{quoted.name} is closed; its amount stays as it is.", ReasonCode.CLOSED_RECORD)
        _attach(desk, plan, found.deal_id, papers)
        plan.call("create_contract", client_id=found.client_id, opportunity_id=found.deal_id, **term)
        plan.respond(f"The contract runs from {term['start_date']} to {term['end_date']}.")
        leave_note(plan, found.deal_id, content)
        plan.respond(f"The note is on {quoted.name}.")

    def claim(plan: Plan, found: Found) -> None:
        first_turns(plan, found)
        plan.call("modify_opportunity", opportunity_id=found.deal_id, amount=shown_amount(late))
        plan.respond(f"{quoted.name} is at {shown_amount(late)} now.")

    values, notes = _moved(desk, ("Closed-Won",))
    start, end, value = days["start"], days["end"], desk.money(cast("int", deal["amount"]))
    goal = Goal(
        expected_changes=(
            quote_set(low, status="Approved"),
            quote_set(high, status="Rejected"),
            deal_updated(deal, {**values, "notes": reason}),
            *(note_on_deal(deal, note) for note in (*notes, content)),
            *_attached(desk, deal, papers),
            _contract_of(deal, term),
        ),
        answers=(told("quotes", versions),),
        must_refuse=refused_first(ReasonCode.CLOSED_RECORD, "closed"),
    )
    slots: Mapping[str, str] = {
        "deal": quoted.name, "reason": reason, **_paper_slots(papers), "late": desk.money(late),
        "start": start, "end": end, "value": value, "content": content,
    }  # fmt: skip
    answer = (
        f"Leave the amount, then. Put {slots['papers']} on the deal and enter the contract, {start} to {end}, {value}."
    )
    return Case(
        slots,
        desk.actor_for(deal),
        goal,
        ways(quoted, talk, by_view, by_amount),
        disclosures=(Disclosure(("closed", "amount", "instead", "clone"), answer, instead_of=4),),
        patch=quoted.patch,
        blunder=play(quoted, claim, by_search),
    )


QUOTE_TO_CASH = Family(
    name="quote_to_cash",
    task="CREATE QUOTE",
    level=2,
    share=2,
    blueprints=(
        Blueprint("from_scratch", "success", _draw_from_scratch),
        Blueprint("quote_onwards", "success", _draw_quote_onwards),
        Blueprint("late_change", "failure", _draw_late_change, failure="closed_record"),
    ),
)

FAMILIES = (SECOND_QUOTE, QUOTE_TO_CASH)
