"""How deals end: lost for a reason, won and put on paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import cast

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import (
    ContractDocument,
    ContractTerm,
    QuoteWithdrawal,
    StageDocument,
)
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, is_open
from atlas.scenarios.families.contract_rows import (
    Patch,
    deal_contract,
    documents_on,
    draw_terms,
    make_contract,
    patched,
    won_deal,
)
from atlas.scenarios.families.deal_groups import (
    busy_account,
    largest_of,
    names_of,
)
from atlas.scenarios.families.expect import created, deal_updated, may_note, note_on_deal, told
from atlas.scenarios.families.midway import Known, Snag, deal_finds, run_through, with_client
from atlas.scenarios.families.moves import leave_note, modify_deal
from atlas.scenarios.families.quote_rows import open_statuses, quote_set, quoted_deal
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal

LOST_REASONS = (
    "Their budget went to another project", "A cheaper supplier got it", "The new director wants to wait",
    "They will build it in-house", "No answer since our last visit", "Our delivery date was too late for them",
    "Merged with a group that has its own system", "The sponsor on their side is gone",
)  # fmt: skip
_WON = (
    "Our delivery date decided it", "They know our service team", "Best demo of three bidders",
    "The pilot convinced their board", "Price and term were right", "Recommended by a sister company",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """How a deal is closed.

    Attributes:
        deal: The deal before that.
        values: What is set.
        notes: The notes that the house wants with it.
    """

    deal: Row
    values: Mapping[str, object]
    notes: tuple[str, ...]

    def carry_out(self, plan: Plan, deal_id: str) -> None:
        """Add the calls, and the response."""
        modify_deal(plan, deal_id, dict(self.values), None)
        for note in self.notes:
            leave_note(plan, deal_id, note)
        plan.respond(f"{self.deal['name']} is {self.values['stage']}, the notes say: {self.values['notes']}")

    @property
    def expected(self) -> tuple[ExpectedChange, ...]:
        """What has to change."""
        return deal_updated(self.deal, self.values), *(note_on_deal(self.deal, note) for note in self.notes)

    @property
    def allowed(self) -> tuple[ChangePattern, ...]:
        """What else may change."""
        return () if self.notes else (may_note(self.deal),)


def ending_of(desk: Desk, deal: Row, stage: str, **more: object) -> Ending:
    """Return how a deal is closed in a stage, with more values."""
    changes = {**desk.house.stage_values(stage), **more}
    notes = (desk.house.note_after(field, value) for field, value in changes.items())
    return Ending(deal, changes, tuple(note for note in notes if note is not None))


# ---------------------------------------------------------------------------------------------------------------------
# Lost


def losable(desk: Desk, deal: Row) -> bool:
    """Tell whether an open deal can be closed as lost, given a reason in its notes."""
    reasoned = {**deal, "notes": LOST_REASONS[0]}
    return is_open(deal) and desk.house.moves_freely(reasoned, "Closed-Lost", file_names=desk.shelf.files_of(deal))


def _quote_on(plan: Plan, known: Known) -> str:
    return plan.call("quote_search", opportunity_id=known["deal"]).at("results.0.quote_id")


def _draw_lost_and_quote(desk: Desk) -> Case:
    """A deal is lost for a reason; then the quote on it is taken back, and the user wants to know what it was for."""
    quoted = quoted_deal(desk, desk.pick(open_statuses(desk)), fits=lambda row: losable(desk, row))
    (quote,) = quoted.quotes
    reason, amount = desk.pick(LOST_REASONS), shown_amount(quote["amount"])
    ending = ending_of(desk, quoted.deal, "Closed-Lost", notes=reason)

    def talk(plan: Plan, known: Known) -> None:
        ending.carry_out(plan, known["deal"])
        plan.call("cancel_quote", quote_id=_quote_on(plan, known))
        plan.respond(f"The quote on {quoted.name} is canceled.")
        plan.respond(f"It was for {amount}.", amount=amount)

    goal = Goal(
        expected_changes=(*ending.expected, quote_set(quote, status="Canceled")),
        allowed_changes=ending.allowed,
        answers=(told("amount", amount),),
    )
    slots = {"deal": quoted.name, "reason": reason}
    finds = deal_finds(deal=quoted.deal)
    return run_through(desk.actor_for(quoted.deal), slots, finds, talk, goal, patch=quoted.patch)


def _draw_lost_and_left(desk: Desk) -> Case:
    """A deal is lost for a reason; then the user asks what is left with that client, and which is the largest."""
    account = busy_account(desk, 3)
    lost = desk.pick(deal for deal in account.open_deals if losable(desk, deal))
    rest = [deal for deal in account.open_deals if deal is not lost]
    reason, names, largest = desk.pick(LOST_REASONS), names_of(rest), largest_of(rest)
    ending = ending_of(desk, lost, "Closed-Lost", notes=reason)
    amount = shown_amount(largest["amount"])

    def talk(plan: Plan, known: Known) -> None:
        ending.carry_out(plan, known["deal"])
        stages = {"in": list(OPEN_STAGES)}
        plan.call("opportunity_search", client_id=known["client"], stage=stages, order_by="-amount")
        plan.respond(f"Still open at {account.name}: {'; '.join(names)}.", opportunities=names)
        plan.respond(f"{largest['name']} is the largest, {amount}.", name=largest["name"], amount=amount)

    goal = Goal(
        expected_changes=ending.expected,
        allowed_changes=ending.allowed,
        answers=(told("opportunities", tuple(names)), told("name", largest["name"]), told("amount", amount)),
    )
    slots = {"deal": str(lost["name"]), "reason": reason, "client": account.name}
    return run_through(desk.actor_for(lost), slots, with_client("deal", lost), talk, goal)


_FOR_THE_QUOTE = (
    "Deal lost, client informed by phone.", "Client keeps it as a reference.", "Do not send any reminder.",
    "Ask again in autumn.", "Prices to be checked before the next offer.", "Their buyer wants to come back to it.",
)  # fmt: skip


def _draw_quote_stays(desk: Desk) -> Case:
    """A deal is lost; its quote is in a status in which the house takes none back, and gets a note instead."""
    status = desk.house.need(QuoteWithdrawal).locked
    quoted = quoted_deal(desk, status, fits=lambda row: losable(desk, row))
    (quote,) = quoted.quotes
    reason, content = desk.pick(LOST_REASONS), desk.pick(_FOR_THE_QUOTE)
    ending = ending_of(desk, quoted.deal, "Closed-Lost", notes=reason)

    def note(plan: Plan, known: Known) -> None:
        plan.call("add_note", entity_type="Quote", entity_id=_quote_on(plan, known), content=content)
        plan.respond(f"The note is on the quote for {quoted.name}.")

    snag = Snag(
        reason=ReasonCode.POLICY_VIOLATION,
        about=(status,),
        message=f"The quote on {quoted.name} is {status}; such quotes are not taken back here.",
        mend=f'Then leave it, and put a note on the quote: "{content}"',
        turn=2,
        before=lambda plan, known: ending.carry_out(plan, known["deal"]),
        bad=lambda plan, known: plan.call("cancel_quote", quote_id=_quote_on(plan, known)),
        after=note,
        look=lambda plan, known: plan.call("quote_search", opportunity_id=known["deal"]),
    )
    on_quote = {"entity_type": "Quote", "entity_id": quote["quote_id"], "content": content}
    goal = Goal(expected_changes=(*ending.expected, created(Entity.NOTE, on_quote)), allowed_changes=ending.allowed)
    slots = {"deal": quoted.name, "reason": reason, "content": content}
    return snag.case(desk.actor_for(quoted.deal), slots, deal_finds(deal=quoted.deal), goal, patch=quoted.patch)


LOST_WITH_REASON = Family(
    name="lost_with_reason",
    task="MODIFY OPPORTUNITY",
    level=2,
    share=3,
    blueprints=(
        Blueprint("lost_and_quote", "success", _draw_lost_and_quote),
        Blueprint("lost_and_left", "success", _draw_lost_and_left),
        Blueprint(
            "quote_stays",
            "failure",
            _draw_quote_stays,
            when=lambda house: house.get(QuoteWithdrawal) is not None,
            failure="locked_record",
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Won


def _ready_to_win(desk: Desk, *, paper: bool) -> tuple[Row, Patch]:
    """Return an open deal in Negotiation that a reason is enough to win, and the row that makes it one.

    Args:
        desk: Where it is drawn.
        paper: Whether the document may be on it that the house wants before a contract.
    """
    stage, contract = desk.house.get(StageDocument), desk.house.get(ContractDocument)
    contracted = {row["opportunity_id"] for row in desk.shelf.contracts}

    def fits(row: Row) -> bool:
        files = desk.shelf.files_of(row)
        ready = stage is None or stage.stage != "Closed-Won" or any(stage.word in name for name in files)
        held = contract is not None and any(contract.word in name for name in files)
        return ready and (paper or not held) and row["opportunity_id"] not in contracted

    deal = desk.open_deal(fits)
    if deal["stage"] == "Negotiation":
        return deal, ()
    moved: Row = {**deal, **cast("Mapping[str, FieldValue]", desk.house.stage_values("Negotiation"))}
    return moved, (patched(Entity.OPPORTUNITY, moved),)


def _draw_signed_today(desk: Desk) -> Case:
    """A deal is won today; the signed paper goes on it, and its contract gets the usual term."""
    deal, patch = _ready_to_win(desk, paper=True)
    rule, reason = desk.house.get(ContractDocument), desk.pick(_WON)
    file = f"{(rule.word if rule else 'agreement').replace(' ', '_')}_{desk.pick(('signed', 'scan', 'final'))}.pdf"
    stored, today = desk.house.file_name(file, desk.today), desk.today.isoformat()
    ending = ending_of(desk, deal, "Closed-Won", close_date=today, notes=reason)
    start, end = desk.house.need(ContractTerm).dates(desk.today)
    values = {"start_date": start, "end_date": end, "value": shown_amount(deal["amount"])}

    def talk(plan: Plan, known: Known) -> None:
        ending.carry_out(plan, known["deal"])
        plan.call("upload_document", entity_type="Opportunity", entity_id=known["deal"], file_name=stored)
        plan.respond(f"{stored} is on {deal['name']}.")
        plan.call("create_contract", client_id=known["client"], opportunity_id=known["deal"], **values)
        plan.respond(f"The contract runs from {start} to {end}.")

    document = {"entity_type": "Opportunity", "entity_id": deal["opportunity_id"], "file_name": stored}
    goal = Goal(
        expected_changes=(
            *ending.expected,
            created(Entity.DOCUMENT, document),
            created(Entity.CONTRACT, {**deal_contract(deal, values), "status": "Pending"}),
        ),
        allowed_changes=ending.allowed,
    )
    slots = {"deal": str(deal["name"]), "today": desk.day(today), "reason": reason, "file": file}
    return run_through(desk.actor_for(deal), slots, with_client("deal", deal), talk, goal, patch=patch)


_WAITING = (
    "Contract to follow as soon as the paper is here.", "Waiting for their signature.",
    "Remind their lawyer on Friday.", "Original comes by post.", "Paper is with their board.",
    "Signature promised for next week.",
)  # fmt: skip


def _draw_paper_first(desk: Desk) -> Case:
    """A deal is won; the paper is missing that the house wants before a contract, and the user can wait."""
    rule = desk.house.need(ContractDocument)
    deal, patch = _ready_to_win(desk, paper=False)
    reason, content, terms = desk.pick(_WON), desk.pick(_WAITING), draw_terms(desk, deal)
    ending = ending_of(desk, deal, "Closed-Won", notes=reason)
    values = {name: value for name, value in terms.values.items() if name != "status"}

    def note(plan: Plan, known: Known) -> None:
        leave_note(plan, known["deal"], content)
        plan.respond(f"The note is on {deal['name']}; there is no contract yet.")

    snag = Snag(
        reason=ReasonCode.MISSING_PREREQUISITE,
        about=(rule.word,),
        message=f"There is no {rule.word} document on {deal['name']} yet, so I made no contract.",
        mend=f'Then it has to wait. Put a note on the deal: "{content}"',
        turn=2,
        before=lambda plan, known: ending.carry_out(plan, known["deal"]),
        bad=lambda plan, known: plan.call(
            "create_contract", client_id=known["client"], opportunity_id=known["deal"], **values
        ),
        after=note,
        look=lambda plan, known: documents_on(plan, known["deal"]),
    )
    goal = Goal(expected_changes=(*ending.expected, note_on_deal(deal, content)), allowed_changes=ending.allowed)
    slots = {**terms.slots(desk), "deal": str(deal["name"]), "reason": reason, "content": content}
    return snag.case(desk.actor_for(deal), slots, with_client("deal", deal), goal, patch=patch)


def _draw_paper_on_contract(desk: Desk) -> Case:
    """A won deal gets its contract, the contract gets its paper, and the user asks whose deal it is."""
    deal, patch = won_deal(desk)
    terms, file = (
        draw_terms(desk, deal),
        f"{desk.pick(('countersigned', 'contract', 'agreement'))}_{desk.pick('abcd')}.pdf",
    )
    stored = desk.house.file_name(file, desk.today)

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        made = make_contract(plan, desk, deal, terms.values, reading=reading)
        plan.respond(f"The contract for {deal['name']} runs from {terms.start} to {terms.end}.")
        contract_id = made.at("contract_id")
        plan.call("upload_document", entity_type="Contract", entity_id=contract_id, file_name=stored)
        plan.respond(f"{stored} is on the contract.")
        plan.respond(f"The deal belongs to {deal['owner']}.", owner=deal["owner"])
        return plan

    goal = Goal(
        expected_changes=(
            created(Entity.CONTRACT, deal_contract(deal, terms.values), label="contract"),
            created(Entity.DOCUMENT, {"entity_type": "Contract", "file_name": stored}, refs={"entity_id": "contract"}),
        ),
        answers=(told("owner", deal["owner"]),),
    )
    slots = {**terms.slots(desk), "deal": str(deal["name"]), "file": file}
    solutions = (play(reading=False).solution(), play(reading=True).solution())
    return Case(slots, desk.actor_for(deal), goal, solutions, patch=patch)


WIN_AND_PAPER = Family(
    name="win_and_paper",
    task="CREATE NEW CONTRACT",
    level=2,
    share=2,
    blueprints=(
        Blueprint(
            "signed_today", "success", _draw_signed_today, when=lambda house: house.get(ContractTerm) is not None
        ),
        Blueprint(
            "paper_first",
            "failure",
            _draw_paper_first,
            when=lambda house: house.get(ContractDocument) is not None,
            failure="missing_paper",
        ),
        Blueprint("paper_on_contract", "success", _draw_paper_on_contract),
    ),
)

FAMILIES = (LOST_WITH_REASON, WIN_AND_PAPER)
