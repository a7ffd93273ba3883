"""Records at hand, and requests that cannot be carried out as they stand: found, declined, mended by the user."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, cast

from atlas.core.records import JsonObject
from atlas.crm.records import Entity, Outcome, ReasonCode, Row
from atlas.crm.schema import OPEN_QUOTE_STATUSES, SCHEMA
from atlas.scenarios.blueprints import Case
from atlas.scenarios.conventions import Escalation
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.expect import created, told, updated
from atlas.scenarios.families.moves import leave_note, seek_client, seek_contact, seek_deal
from atlas.scenarios.families.updating import change_goal
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    Equals,
    ExpectedChange,
    Goal,
    Operation,
    RequiredRefusal,
    Solution,
)

Seek: TypeAlias = Callable[[Plan], str]
"""Looks a record up; returns what stands for its id."""

Step: TypeAlias = Callable[[Plan, str], None]
"""Makes calls about the record whose id is given."""

MONEY_FIELDS: Mapping[Entity, str] = {Entity.OPPORTUNITY: "amount", Entity.QUOTE: "amount", Entity.CONTRACT: "value"}
_ASKING_WORDS = ("instead", "which", "what", "correct", "right", "should")  # of a question about a wrong value


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A record that somebody asks about.

    Attributes:
        entity: Its kind.
        row: The record.
        called: What the user calls it.
        actor: Handle of somebody who may change it.
        seekers: Two ways to find it.
    """

    entity: Entity
    row: Row
    called: str
    actor: str
    seekers: tuple[Seek, Seek]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row[SCHEMA[self.entity].id_field])

    def change(self, plan: Plan, record_id: str, values: JsonObject) -> None:
        """Add the call that sets ``values``."""
        noun = SCHEMA[self.entity].noun
        plan.call(f"modify_{noun}", **{f"{noun}_id": record_id, **values})

    def attach(self, plan: Plan, record_id: str, file_name: str) -> None:
        """Add the call that puts a file on it."""
        plan.call("upload_document", entity_type=self.entity.value, entity_id=record_id, file_name=file_name)

    def note(self, plan: Plan, record_id: str, content: str) -> None:
        """Add the call that leaves a note on it."""
        plan.call("add_note", entity_type=self.entity.value, entity_id=record_id, content=content)

    def noted(self, content: str) -> ExpectedChange:
        """Expect a note on it."""
        return created(Entity.NOTE, {"entity_type": self.entity.value, "entity_id": self.id, "content": content})

    @property
    def may_note(self) -> ChangePattern:
        """Allow any further note on it."""
        return ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": Equals(self.id)})


def any_of(desk: Desk, makers: Sequence[Callable[[Desk], Target]]) -> Target:
    """Return what one of ``makers``, in any order, finds in the pool.

    Raises:
        NothingFitsError: none of them finds anything.
    """
    for make in desk.rng.sample(list(makers), len(makers)):
        try:
            return make(desk)
        except NothingFitsError:
            continue
    raise NothingFitsError("the pool holds no record of these kinds")


def deal_target(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Target:
    """Return an open deal that fits."""
    deal = desk.open_deal(fits)
    seekers = (partial(seek_deal, deal=deal), partial(_seek_deal_exactly, deal=deal))
    return Target(Entity.OPPORTUNITY, deal, str(deal["name"]), desk.actor_for(deal), seekers)


def _seek_deal_exactly(plan: Plan, deal: Row) -> str:
    found = plan.call("opportunity_search", criteria={"name": {"equals": deal["name"]}})
    deal_id = found.at("results.0.opportunity_id")
    return plan.call("opportunity_details", opportunity_id=deal_id).at("opportunity_id")


def quote_target(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Target:
    """Return the only quote of an open deal, itself open, near whose amount a rep may quote."""
    deal = desk.open_deal(lambda row: _has_one_open_quote(desk, row) and fits(desk.shelf.quotes_of(row)[0]))
    (quote,) = desk.shelf.quotes_of(deal)
    seekers = (partial(_seek_quote, deal=deal), partial(_see_quote, deal=deal))
    return Target(Entity.QUOTE, quote, f"the quote for {deal['name']}", desk.actor_for(deal), seekers)


def _has_one_open_quote(desk: Desk, deal: Row) -> bool:
    quotes = desk.shelf.quotes_of(deal)
    if len(quotes) != 1 or quotes[0]["status"] not in OPEN_QUOTE_STATUSES:
        return False
    return quotable(desk, deal)


def quotable(desk: Desk, deal: Row) -> bool:
    """Tell whether a rep may make a quote over nearly the whole amount of an open deal."""
    cents = cast("int", deal["amount"])
    return is_open(deal) and not desk.house.quote_needs_approval(cents, cents)


def _seek_quote(plan: Plan, deal: Row) -> str:
    return plan.call("quote_search", opportunity_id=seek_deal(plan, deal)).at("results.0.quote_id")


def _see_quote(plan: Plan, deal: Row) -> str:
    return plan.call("view_opportunity_details", opportunity_id=seek_deal(plan, deal)).at("quotes.0.quote_id")


def contract_target(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Target:
    """Return a client's only contract; who asks is the colleague for whom alone contracts are changed, if any is."""
    client = desk.client(lambda row: len(desk.shelf.contracts_of(row)) == 1 and fits(desk.shelf.contracts_of(row)[0]))
    (contract,) = desk.shelf.contracts_of(client)
    seekers = (partial(_seek_contract, client=client), partial(_see_contract, client=client))
    rule = desk.house.get(Escalation)
    actor = rule.handle if rule is not None and rule.duty == "contracts" else str(client["owner"])
    return Target(Entity.CONTRACT, contract, f"the contract with {client['name']}", actor, seekers)


def _seek_contract(plan: Plan, client: Row) -> str:
    return plan.call("contract_search", client_id=seek_client(plan, client)).at("results.0.contract_id")


def _see_contract(plan: Plan, client: Row) -> str:
    found = plan.call("client_search", criteria={"name": {"equals": client["name"]}})
    return plan.call("client_details", client_id=found.at("results.0.client_id")).at("contracts.0.contract_id")


def client_target(desk: Desk, fits: Callable[[Row], bool] = lambda _: True) -> Target:
    """Return a client that fits; its owner asks."""
    client = desk.client(fits)
    seekers = (partial(seek_client, client=client), partial(_see_client, client=client))
    return Target(Entity.CLIENT, client, str(client["name"]), str(client["owner"]), seekers)


def _see_client(plan: Plan, client: Row) -> str:
    found = plan.call("client_search", criteria={"name": {"equals": client["name"]}})
    return plan.call("client_details", client_id=found.at("results.0.client_id")).at("client.client_id")


def contact_target(desk: Desk) -> Target:
    """Return a contact whose name nobody else has; the owner of the client asks."""
    contact = desk.pick(desk.shelf.unmistakable_contacts)
    client = desk.shelf.client_of(contact)
    seekers = (partial(seek_contact, contact=contact), partial(_seek_colleague, contact=contact, client=client))
    called = f"{contact['first_name']} {contact['last_name']} of {client['name']}"
    return Target(Entity.CONTACT, contact, called, str(client["owner"]), seekers)


def _seek_colleague(plan: Plan, contact: Row, client: Row) -> str:
    found = plan.call("contact_search", client_id=seek_client(plan, client), first_name=contact["first_name"])
    return found.at("results.0.contact_id")


def new_amount(desk: Desk, target: Target) -> int:
    """Return another amount (cents) for a deal, quote or contract, not too far from its own, that the house accepts.

    Raises:
        NothingFitsError: the one drawn is what it has.
    """
    if target.entity is Entity.QUOTE:
        full = cast("int", desk.shelf.deal_of(target.row)["amount"])
        cents = full * desk.rng.choice((96, 97, 98, 99)) // 100_000 * 1000
    else:
        thousands = cast("int", target.row[MONEY_FIELDS[target.entity]]) // 100_000
        low = max(thousands * 6 // 10, 2)
        cents = desk.round_amount(low, max(thousands * 16 // 10, low + 6))
    if cents == target.row[MONEY_FIELDS[target.entity]]:
        raise NothingFitsError("that is the amount already")
    return cents


def new_person(desk: Desk) -> tuple[str, str]:
    """Return first and last name of somebody whom nobody in the pool knows."""
    known = {(row["first_name"], row["last_name"]) for row in desk.shelf.contacts}
    firsts, lasts = desk.words.first_names, desk.words.surnames
    return desk.pick((first, last) for first in firsts for last in lasts if (first, last) not in known)


def domain_of(client: Target) -> str:
    """Return the domain of a client's e-mail address."""
    return str(client.row["email"]).partition("@")[2]


def enter_contact(plan: Plan, client_id: str, values: JsonObject) -> None:
    """Add the call that makes a contact of a client."""
    plan.call("create_new_contact", client_id=client_id, **values)


def entered_contact(client: Target, values: JsonObject) -> ExpectedChange:
    """Expect a contact of a client."""
    return created(Entity.CONTACT, {"client_id": client.id, **values})


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What is done in the end.

    Attributes:
        do: Makes the calls.
        done: What the user is told.
        expected: What has to change.
        allowed: What else may.
        facts: What the user wants to know.
    """

    do: Step
    done: str
    expected: tuple[ExpectedChange, ...] = ()
    allowed: tuple[ChangePattern, ...] = ()
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])

    @property
    def answers(self) -> tuple[AnswerFact, ...]:
        """Expect the facts to be told."""
        return tuple(told(name, value) for name, value in self.facts.items())

    def finish(self, plan: Plan, record_id: str) -> Solution:
        """Add the calls and the last response to a plan; return its solution."""
        self.do(plan, record_id)
        plan.respond(self.done, **self.facts)
        return plan.solution()


def change_work(desk: Desk, target: Target, values: dict[str, object]) -> Work:
    """Return the work of setting one field, and what the house wants with it."""
    ((field, value),) = values.items()
    word = "last day" if field == "valid_until" else field.replace("_", " ")
    done = f"The {word} of {target.called} is {value} now."
    if target.entity is not Entity.OPPORTUNITY:
        expected = (updated(target.entity, target.id, values),)
        return Work(partial(target.change, values=values), done, expected, (target.may_note,))
    note, changes, allowed = change_goal(desk, target.row, values, field)

    def do(plan: Plan, record_id: str) -> None:
        target.change(plan, record_id, values)
        if note is not None:
            leave_note(plan, record_id, note)

    return Work(do, done, changes, allowed)


def note_work(target: Target, content: str) -> Work:
    """Return the work of leaving a note."""
    return Work(partial(target.note, content=content), f"The note is on {target.called}.", (target.noted(content),))


def amount_text(cents: int) -> str:
    """Return an amount in digits, with separators."""
    return f"{shown_amount(cents):,}"


@dataclasses.dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with a request.

    Attributes:
        about: What whoever declines it has to name; one of these texts.
        message: Says what is wrong.
        mend: What the user says when asked; the second turn of the wordings says the same.
        bad: The calls of somebody who does not look.
        reason: Why it is declined.
        look: The calls that it takes to see that it is wrong; None where the words alone tell.
    """

    about: tuple[str, ...]
    message: str
    mend: str
    bad: Step
    reason: ReasonCode = ReasonCode.INVALID_VALUE
    look: Step | None = None


def mended_case(target: Target, slots: Mapping[str, str], slip: Slip, work: Work) -> Case:
    """Return a case whose first turn cannot be carried out, and whose second turn says what can be done instead."""
    refusing, asking = Plan(), Plan()
    found: str | None = None
    if slip.look is not None:
        found = target.seekers[0](refusing)
        slip.look(refusing, found)
    refusing.decline(slip.message, slip.reason)
    refused = work.finish(refusing, found or target.seekers[0](refusing))
    record_id = target.seekers[1](asking)
    if slip.look is not None:
        slip.look(asking, record_id)
    asking.ask(f"{slip.message} What should I do instead?", slip.reason)
    asked = work.finish(asking, record_id)
    goal = Goal(
        expected_changes=work.expected,
        allowed_changes=work.allowed,
        answers=work.answers,
        must_refuse=RequiredRefusal(
            slip.reason, slip.about, (Outcome.REFUSED, Outcome.REPORTED, Outcome.ASKED), at_end=False
        ),
    )
    answer = Disclosure((*slip.about, *_ASKING_WORDS), slip.mend, instead_of=1)
    blunder = blunder_of(target.seekers[0], slip.bad)
    return Case(slots, target.actor, goal, (refused, asked), disclosures=(answer,), blunder=blunder)


def blunder_of(seek: Seek, bad: Step) -> Solution:
    """Return the run of somebody who finds the record, makes the wrong call and says that it is done."""
    plan = Plan()
    bad(plan, seek(plan))
    plan.respond("Done.")
    return plan.solution()


def both_paths(target: Target, work: Work) -> tuple[Solution, ...]:
    """Return two solutions that find the record on different paths and then do the same work."""
    plans = (Plan(), Plan())
    return tuple(work.finish(plan, seek(plan)) for plan, seek in zip(plans, target.seekers, strict=True))
