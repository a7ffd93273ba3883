"""Finding out what is meant: firms around the house, and requests that can mean several things."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from atlas.crm.records import Entity, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.desk import Desk, NothingFitsError
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    busy_account,
    change_goals,
    deal_change,
    names_of,
)
from atlas.scenarios.families.expect import told, updated
from atlas.scenarios.families.mending import Target
from atlas.scenarios.families.moves import seek_and_read_deal, seek_deal
from atlas.scenarios.families.turns import Miss, missed_case, new_phone, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import AnswerFact, ChangePattern, Equals, ExpectedChange, Goal, RequiredQuestion

# ---------------------------------------------------------------------------------------------------------------------
# Partners, vendors, competitors


def _names(companies: Sequence[Row]) -> list[str]:
    return [str(row["name"]) for row in companies]


def _draw_one_of_a_kind(desk: Desk) -> Case:
    """The one firm of a kind in an industry, then where it is."""
    kinds = Counter((row["type"], row["industry"]) for row in desk.shelf.companies)
    firm = desk.pick(row for row in desk.shelf.companies if kinds[row["type"], row["industry"]] == 1)
    name, address = firm["name"], firm["address"]

    def play(*, wrapped: bool) -> Plan:
        plan = Plan()
        criteria = {"type": firm["type"], "industry": firm["industry"]}
        if wrapped:
            plan.call("company_search", criteria={"type": firm["type"]}, order_by="industry")
        else:
            plan.call("company_search", **criteria)
        plan.respond(f"There is {name}.", companies=[name])
        plan.respond(f"The address is {address}.", address=address)
        return plan

    goal = Goal(answers=(told("companies", (name,)), told("address", address)))
    slots = {"kind": str(firm["type"]).lower(), "industry": str(firm["industry"])}
    solutions = (play(wrapped=False).solution(), play(wrapped=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions)


def _draw_narrowed_down(desk: Desk) -> Case:
    """All firms of a kind, then those of them in an industry."""
    firms = _by_kind(desk)
    kind = desk.pick(kind for kind, rows in firms.items() if len({row["industry"] for row in rows}) > 1)
    industry = desk.pick(sorted({str(row["industry"]) for row in firms[kind]}))
    every, some = _names(firms[kind]), _names([row for row in firms[kind] if row["industry"] == industry])

    def play(*, at_once: bool) -> Plan:
        plan = Plan()
        plan.call("company_search", type=kind)
        plan.respond(f"{kind}: {'; '.join(every)}.", companies=every)
        if not at_once:
            plan.call("company_search", criteria={"type": kind, "industry": {"equals": industry}})
        plan.respond(f"In {industry}: {'; '.join(some)}.", companies=some)
        return plan

    goal = Goal(
        answers=(
            AnswerFact("companies", Equals(tuple(every)), turn=0),
            AnswerFact("companies", Equals(tuple(some)), turn=1),
        )
    )
    slots = {"kind": kind.lower(), "industry": industry}
    solutions = (play(at_once=False).solution(), play(at_once=True).solution())
    return Case(slots, desk.colleague().handle, goal, solutions)


def _by_kind(desk: Desk) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in desk.shelf.companies:
        groups.setdefault(str(row["type"]), []).append(row)
    return groups


def _draw_unknown_firm(desk: Desk) -> Case:
    """Nobody knows the firm; then the user gives the name of one that is known."""
    firm = desk.pick(desk.shelf.companies)
    stranger = desk.names.firm(str(firm["industry"]))
    seekers = (partial(_seek_firm, firm=firm), partial(_seek_firm_exactly, firm=firm))
    target = Target(Entity.COMPANY, firm, str(firm["name"]), desk.colleague().handle, seekers)
    looks = (partial(_look_in_vain, name=stranger), partial(_look_twice_in_vain, name=stranger))
    miss = Miss((stranger,), f"I know no company called {stranger}.", f"It must be {firm['name']}.", looks)
    work = telling(
        f"{firm['name']}: {firm['type']}, {firm['address']}.", {"type": firm["type"], "address": firm["address"]}
    )
    return missed_case(target, {"firm": stranger, "other": str(firm["name"])}, miss, work)


def _seek_firm(plan: Plan, firm: Row) -> str:
    return plan.call("company_search", name=firm["name"]).at("results.0.company_id")


def _seek_firm_exactly(plan: Plan, firm: Row) -> str:
    found = plan.call("company_search", criteria={"name": {"equals": firm["name"]}})
    return found.at("results.0.company_id")


def _look_in_vain(plan: Plan, name: str) -> None:
    plan.call("company_search", name=name)


def _look_twice_in_vain(plan: Plan, name: str) -> None:
    plan.call("company_search", name=name)
    plan.call("client_search", name=name)


COMPANY_LOOKUP = Family(
    name="company_lookup",
    task="COMPANY SEARCH",
    level=3,
    share=1,
    blueprints=(
        Blueprint("one_of_a_kind", "success", _draw_one_of_a_kind),
        Blueprint("narrowed_down", "success", _draw_narrowed_down),
        Blueprint("unknown_firm", "failure", _draw_unknown_firm, failure="unknown_record"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Requests that can mean several things


@dataclasses.dataclass(frozen=True, slots=True)
class _Riddle:
    """A request that nobody can carry out before the user was asked.

    Attributes:
        question: What has to be asked.
        about: The question has to contain one of these texts.
        answer: What the user says then.
        wake: Further words of a question that the user answers.
        reason: Why it has to be asked.
    """

    question: str
    about: tuple[str, ...]
    answer: str
    wake: tuple[str, ...] = ("which", "what", "mean")
    reason: ReasonCode = ReasonCode.AMBIGUOUS_REQUEST

    @property
    def disclosure(self) -> Disclosure:
        """What the user tells when asked."""
        return Disclosure((*self.about, *self.wake), self.answer)

    @property
    def required(self) -> RequiredQuestion:
        """The question as a goal expects it."""
        return RequiredQuestion(self.about)


@dataclasses.dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be done once the riddle is solved.

    Attributes:
        looks: Two ways to see that the request can mean several things.
        do: Makes the change.
        done: What the user is told.
        guess: What somebody does who does not ask.
        expected: What has to change.
        allowed: What else may.
    """

    looks: tuple[Callable[[Plan], object], Callable[[Plan], object]]
    do: Callable[[Plan], None]
    done: str
    guess: Callable[[Plan], None]
    expected: tuple[ExpectedChange, ...]
    allowed: tuple[ChangePattern, ...] = ()


def _riddle_case(slots: dict[str, str], actor: str, riddle: _Riddle, errand: _Errand) -> Case:
    """Return a case in which the right answer to the only message is a question."""
    plans = (Plan(), Plan())
    for plan, look in zip(plans, errand.looks, strict=True):
        look(plan)
        plan.ask(riddle.question, riddle.reason)
        errand.do(plan)
        plan.respond(errand.done)
    careless = Plan()
    errand.guess(careless)
    careless.respond("Done.")
    goal = Goal(expected_changes=errand.expected, allowed_changes=errand.allowed, must_ask=riddle.required)
    solutions = tuple(plan.solution() for plan in plans)
    return Case(slots, actor, goal, solutions, disclosures=(riddle.disclosure,), blunder=careless.solution())


def _draw_several_clients(desk: Desk) -> Case:
    """The user uses the first part of a name, which two clients share."""
    pair = _sisters(desk)
    meant = desk.pick(pair)
    part, phone = _first_word(meant), new_phone(desk)
    names = _names(pair)

    def look_at_both(plan: Plan) -> None:
        found = plan.call("client_search", criteria={"name": {"contains": part}})
        plan.call("client_details", client_id=found.at("results.0.client_id"))

    def set_phone(plan: Plan, name: object) -> None:
        client_id = plan.call("client_search", name=name).at("results.0.client_id")
        plan.call("modify_client", client_id=client_id, phone=phone)

    riddle = _Riddle(f"There are {' and '.join(names)}. Which one do you mean?", tuple(names), f"{meant['name']}.")
    errand = _Errand(
        (lambda plan: plan.call("client_search", name=part), look_at_both),
        partial(set_phone, name=meant["name"]),
        f"{meant['name']} has the phone number {phone} now.",
        partial(set_phone, name=part),
        (updated(Entity.CLIENT, meant["client_id"], {"phone": phone}),),
    )
    return _riddle_case({"part": part, "phone": phone}, desk.manager().handle, riddle, errand)


def _sisters(desk: Desk) -> tuple[Row, Row]:
    """Return two clients of the pool whose names start alike, unlike those of all others in the company."""
    clients = desk.company.file.rows[Entity.CLIENT]
    alike = Counter(map(_first_word, clients))
    first = desk.client(lambda row: alike[_first_word(row)] == 2)  # noqa: PLR2004 - a pair
    second = desk.client(lambda row: row is not first and _first_word(row) == _first_word(first))
    return first, second


def _first_word(row: Row) -> str:
    return str(row["name"]).split(" ", maxsplit=1)[0]


def _draw_several_deals(desk: Desk) -> Case:
    """The user speaks of the client's deal, and it has several that are open."""
    account = busy_account(desk, 2)
    meant = desk.pick(account.open_deals)
    day = desk.later_day(meant["close_date"], 14, 90)
    change = deal_change(desk, meant, {"close_date": day})
    names = names_of(account.open_deals)
    listed = f"{account.name} has {len(names)} open deals: {'; '.join(names)}. Which one do you mean?"
    riddle = _Riddle(listed, tuple(names), f"{meant['name']}.")
    expected, allowed = change_goals((change,))
    errand = _Errand(
        (account.list_open, account.read),
        lambda plan: change.carry_out(plan, seek_deal(plan, meant)),
        f"{meant['name']} closes on {day} now.",
        partial(_first_deal_moved, account=account, day=day),
        expected,
        allowed,
    )
    slots = {"client": account.name, "day": desk.day(day)}
    return _riddle_case(slots, desk.actor_for(meant), riddle, errand)


def _first_deal_moved(plan: Plan, account: Account, day: str) -> None:
    first = next(iter(account.list_open(plan).values()))
    plan.call("modify_opportunity", opportunity_id=first, close_date=day)


def _draw_unclear_value(desk: Desk) -> Case:
    """A bare number that can be a probability and, in thousands, an amount."""
    deal = desk.open_deal()
    number = desk.pick((20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80))
    cents = number * 100_000
    if number == deal["probability"] or cents == deal["amount"]:
        raise NothingFitsError("the deal stands at that number already")
    readings: tuple[tuple[dict[str, object], str], ...] = (
        ({"probability": number}, f"The chance of winning it, {number} percent."),
        ({"amount": shown_amount(cents)}, f"What it is worth, so {number}k."),
    )
    place = desk.rng.randrange(2)
    values, answer = readings[place]
    change = deal_change(desk, deal, values)
    guessed = DealChange(deal, readings[1 - place][0])
    riddle = _Riddle(
        f"Is {number} the probability of {deal['name']} in percent, or its amount in thousands?",
        ("probability", "amount", "percent"),
        answer,
    )
    return _deal_riddle(desk, {"deal": str(deal["name"]), "number": str(number)}, riddle, (change, guessed))


def _draw_unclear_request(desk: Desk) -> Case:
    """Something is to be changed, and not a word of what."""
    deal = desk.open_deal()
    readings: tuple[tuple[dict[str, object], str], ...] = (
        _new_day(desk, deal),
        _new_probability(desk, deal),
    )
    place = desk.rng.randrange(2)
    values, answer = readings[place]
    riddle = _Riddle(
        f"What should I change on {deal['name']}?",
        ("what", "which", "how"),
        answer,
        wake=("details", "tell me"),
        reason=ReasonCode.MISSING_INFORMATION,
    )
    changes = (deal_change(desk, deal, values), DealChange(deal, {"stage": _some_stage(deal)}))
    return _deal_riddle(desk, {"deal": str(deal["name"])}, riddle, changes)


def _new_day(desk: Desk, deal: Row) -> tuple[dict[str, object], str]:
    day = desk.coming_day(20, 160, instead_of=deal["close_date"])
    return {"close_date": day}, f"The close date, that is {desk.day(day)} now."


def _new_probability(desk: Desk, deal: Row) -> tuple[dict[str, object], str]:
    points = desk.pick(value for value in range(10, 91, 5) if value != deal["probability"])
    return {"probability": points}, f"The probability, {points} is more like it."


def _some_stage(deal: Row) -> str:
    """Return the stage that somebody takes a deal back to who was not told what to do."""
    return "Prospecting" if deal["stage"] != "Prospecting" else "Closed-Lost"


def _deal_riddle(desk: Desk, slots: dict[str, str], riddle: _Riddle, changes: tuple[DealChange, DealChange]) -> Case:
    """Return a riddle about one deal; the first change is the right one, the second a wrong guess."""
    right, wrong = changes
    deal = right.deal
    expected, allowed = change_goals((right,))
    errand = _Errand(
        (partial(seek_deal, deal=deal), partial(seek_and_read_deal, deal=deal)),
        lambda plan: right.carry_out(plan, seek_deal(plan, deal)),
        f"{deal['name']} is changed.",
        lambda plan: wrong.carry_out(plan, seek_deal(plan, deal)),
        expected,
        allowed,
    )
    return _riddle_case(slots, desk.actor_for(deal), riddle, errand)


VAGUE_REQUESTS = Family(
    name="vague_requests",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=4,
    blueprints=(
        Blueprint("several_clients", "failure", _draw_several_clients, failure="several_records"),
        Blueprint("several_deals", "failure", _draw_several_deals, failure="several_records"),
        Blueprint("unclear_value", "failure", _draw_unclear_value, failure="unclear_value"),
        Blueprint("unclear_request", "failure", _draw_unclear_request, failure="unclear_request"),
    ),
)

FAMILIES = (COMPANY_LOOKUP, VAGUE_REQUESTS)
