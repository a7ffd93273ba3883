"""Requests that hang on how deals stand: those that lack something, those still in a stage, the bigger of two."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise, permutations

from atlas.crm.records import Entity, FieldValue, ReasonCode, Row
from atlas.scenarios.blueprints import Blueprint, Case, Family
from atlas.scenarios.conventions import DealOwnership, OwnerAssignment, StageProbability
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import Patch, patched
from atlas.scenarios.families.deal_groups import (
    Account,
    DealChange,
    Ids,
    Talk,
    account_of,
    amount_of,
    busy_account,
    change_goals,
    deal_change,
    deal_id_of,
    names_of,
    talk_case,
)
from atlas.scenarios.families.expect import deal_updated, note_on_deal, told
from atlas.scenarios.families.mending import deal_target, note_work
from atlas.scenarios.families.midway import Find, Known, Snag, deal_finds, nothing, run_through
from atlas.scenarios.families.moves import leave_note, seek_client
from atlas.scenarios.families.staging import stage_work
from atlas.scenarios.families.turns import in_turns, open_deals, telling
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import Goal, RequiredQuestion

# ---------------------------------------------------------------------------------------------------------------------
# Something is missing


@dataclasses.dataclass(frozen=True, slots=True)
class _Gap:
    """A client some of whose open deals lack a field."""

    account: Account
    field: str

    @property
    def deals(self) -> tuple[Row, ...]:
        """Those that lack it."""
        return tuple(deal for deal in self.account.open_deals if deal[self.field] is None)

    @property
    def listed(self) -> Talk:
        """The turn in which they are named."""
        names = names_of(self.deals)
        text = f"Without {self.field.replace('_', ' ')}: {'; '.join(names)}."
        return Talk(text, facts={"opportunities": names})

    def search(self, plan: Plan) -> Ids:
        """Look for the client's open deals whose field is empty."""
        client_id = seek_client(plan, self.account.client)
        criteria = {"client_id": client_id, "stage": {"in": list(OPEN_STAGES)}, self.field: {"empty": True}}
        found = plan.call("opportunity_search", criteria=criteria)
        ordered = sorted(self.deals, key=deal_id_of)
        return {deal_id_of(deal): found.at(f"results.{n}.opportunity_id") for n, deal in enumerate(ordered)}

    def case(self, actor: str, slots: Mapping[str, str], *talks: Talk) -> Case:
        """Return the case in which the deals are named first."""
        ways = (self.search, self.account.read)
        case = talk_case(actor, {"client": self.account.name, **slots}, ways, (self.listed, *talks))
        return dataclasses.replace(case, patch=self.account.patch)


def _gap(desk: Desk, field: str, count: int) -> _Gap:
    """Return a client with more open deals than ``count``, so many of which lack ``field`` in the case."""
    account = busy_account(desk, count + 1)
    new: dict[str, dict[str, FieldValue]] = {
        deal_id_of(deal): {field: None} for deal in desk.rng.sample(account.open_deals, count)
    }
    return _Gap(account_of(desk, account.client, new), field)


def _draw_probability_filled(desk: Desk) -> Case:
    """Two deals get the probability that goes with their stages."""
    rule, gap = desk.house.need(StageProbability), _gap(desk, "probability", 2)
    changes = [DealChange(deal, {"probability": rule.points[str(deal["stage"])]}) for deal in gap.deals]
    text = "; ".join(f"{change.deal['name']}: {change.values['probability']}" for change in changes)
    return gap.case(desk.manager().handle, {}, Talk(f"Filled in. {text}.", changes))


def _draw_owner_filled(desk: Desk) -> Case:
    """Deals without an owner go to the colleague whom the house gives such deals; then the name of that one."""
    rule, gap = desk.house.need(OwnerAssignment), _gap(desk, "owner", desk.pick((1, 2)))
    client = gap.account.client
    owner = rule.owner(industry=str(client["industry"]), address=str(client["address"]))
    name = next(member.name for member in desk.company.directory.staff if member.handle == owner)
    filled = Talk(f"The owner is {owner} now.", [DealChange(deal, {"owner": owner}) for deal in gap.deals])
    asked = Talk(f"That is {name}.", facts={"name": name}, look=lambda plan: plan.call("staff_search", handle=owner))
    return gap.case(desk.manager().handle, {}, filled, asked)


_REMINDERS = (
    "Please enter a probability.", "What are the chances here?", "Forecast is incomplete without this one.",
    "Needs an estimate before the review.", "How likely is this one?", "Please estimate before Friday.",
)  # fmt: skip


def _draw_not_yours(desk: Desk) -> Case:
    """The one deal without a probability belongs to somebody else, who gets a note instead."""
    gap = _gap(desk, "probability", 1)
    (deal,) = gap.deals
    desk.house.need(DealOwnership)
    owner, actor = str(deal["owner"]), desk.seller(other_than=deal["owner"])
    points, content = desk.pick(range(5, 96, 5)), desk.pick(_REMINDERS)
    members = {member.handle: member.name for member in desk.company.directory.staff}

    def name_it(plan: Plan, _known: Known) -> None:
        plan.respond(gap.listed.done, **gap.listed.facts)

    def note(plan: Plan, known: Known) -> None:
        leave_note(plan, known[deal_id_of(deal)], content)
        plan.respond(f"The note is on {deal['name']}.")

    def change(plan: Plan, known: Known) -> None:
        plan.call("modify_opportunity", opportunity_id=known[deal_id_of(deal)], probability=points)

    snag = Snag(
        reason=ReasonCode.PERMISSION_DENIED,
        about=(owner, members[owner], "owner"),
        message=f"{deal['name']} belongs to {owner}; only the owner or a manager may change it.",
        mend=f'Then leave a note on it: "{content}"',
        turn=2,
        before=name_it,
        bad=change,
        after=note,
    )
    goal = Goal(
        expected_changes=(note_on_deal(deal, content),), answers=(told("opportunities", tuple(names_of(gap.deals))),)
    )
    slots = {"client": gap.account.name, "points": str(points), "content": content}
    return snag.case(actor.handle, slots, (gap.search, gap.account.read), goal, patch=gap.account.patch)


MISSING_FIELDS = Family(
    name="missing_fields",
    task="MODIFY OPPORTUNITY",
    level=2,
    share=2,
    blueprints=(
        Blueprint(
            "probability_filled",
            "success",
            _draw_probability_filled,
            when=lambda house: house.get(StageProbability) is not None,
        ),
        Blueprint(
            "owner_filled", "success", _draw_owner_filled, when=lambda house: house.get(OwnerAssignment) is not None
        ),
        Blueprint(
            "not_yours",
            "failure",
            _draw_not_yours,
            when=lambda house: house.get(DealOwnership) is not None,
            failure="permission",
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# If it stands so


def _next_stages(desk: Desk, deal: Row) -> Sequence[str]:
    """Return the open stages further on that an open deal can be set to at once."""
    later = OPEN_STAGES[OPEN_STAGES.index(str(deal["stage"])) + 1 :]
    return [stage for stage in desk.free_stages(deal) if stage in later]


def _draw_still_there(desk: Desk) -> Case:
    """The deal is in the stage that the user thinks of, and moves; then whose it is."""
    target = deal_target(desk, lambda row: bool(_next_stages(desk, row)))
    stage, owner = desk.pick(_next_stages(desk, target.row)), target.row["owner"]
    works = (stage_work(desk, target, stage), telling(f"It is {owner}'s.", {"owner": owner}))
    return in_turns(target, {"deal": target.called, "stage": str(target.row["stage"]), "next": stage}, works)


_TO_DO = (
    "Ask for the minutes of their last meeting.", "Send them our new brochure.", "Call their buyer before the weekend.",
    "Bring the price list to the next visit.", "Check whether the pilot is over.", "Their lawyer waits for our terms.",
)  # fmt: skip


def _draw_no_longer_there(desk: Desk) -> Case:
    """The deal is in another stage than the user thinks of and stays there; it gets a note."""
    target, content = deal_target(desk), desk.pick(_TO_DO)
    present = str(target.row["stage"])
    steps = [pair for pair in pairwise(OPEN_STAGES) if present not in pair]
    believed, following = desk.pick(steps)
    told_stage = telling(f"No, {target.called} is in {present}; I left it there.", {"stage": present})
    slots = {"deal": target.called, "stage": believed, "next": following, "content": content}
    return in_turns(target, slots, (told_stage, note_work(target, content)))


def _draw_neither_holds(desk: Desk) -> Case:
    """Two cases are provided for, and the deal is in a third stage; the user then wants another probability."""
    target = deal_target(desk, lambda row: row["stage"] in (OPEN_STAGES[0], OPEN_STAGES[-1]))
    present = str(target.row["stage"])
    first, second, third = (stage for stage in OPEN_STAGES if stage != present)
    points = desk.pick(value for value in range(5, 96, 5) if value != target.row["probability"])
    change = DealChange(target.row, {"probability": points})

    def set_points(plan: Plan, known: Known) -> None:
        change.carry_out(plan, known["deal"])
        plan.respond(f"{target.called} has a probability of {points} now.")

    snag = Snag(
        reason=ReasonCode.MISMATCH,
        about=(present,),
        message=f"{target.called} is in {present}, so neither holds, and I left it there.",
        mend=f"Then leave the stage and put the probability at {points}.",
        turn=1,
        before=nothing,
        bad=lambda plan, known: plan.call("modify_opportunity", opportunity_id=known["deal"], stage=third),
        after=set_points,
    )
    goal = Goal(
        expected_changes=(deal_updated(target.row, {"probability": points}),), allowed_changes=(target.may_note,)
    )
    slots = {"deal": target.called, "first": first, "second": second, "third": third, "points": str(points)}
    return snag.case(target.actor, slots, deal_finds(deal=target.row), goal)


CONDITIONAL_REQUEST = Family(
    name="conditional_request",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=3,
    blueprints=(
        Blueprint("still_there", "success", _draw_still_there, level=2),
        Blueprint("no_longer_there", "success", _draw_no_longer_there),
        Blueprint("neither_holds", "failure", _draw_neither_holds, failure="stale_reference"),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
# Which of two


def _left_open(desk: Desk, client: Row) -> tuple[Row, Patch]:
    """Return an open deal of a client, and the rows that make it the only one."""
    deals = open_deals(desk, client)
    kept = desk.pick(deals)
    rest = (deal for deal in deals if deal is not kept)
    days = desk.rng.sample(range(5, 200), len(deals))
    lost = (
        {**deal, "stage": "Closed-Lost", "close_date": (desk.today - timedelta(days=ago)).isoformat(), "probability": 1}
        for deal, ago in zip(rest, days, strict=False)
    )
    return kept, tuple(patched(Entity.OPPORTUNITY, row) for row in lost)


def _two_deals(desk: Desk) -> tuple[Row, Row, Patch]:
    """Return the only open deals of two clients, and the rows that make them so."""
    busy = [client for client in desk.shelf.clients if open_deals(desk, client)]
    single = [client for client in busy if len(open_deals(desk, client)) == 1]
    one, two = desk.pick(permutations(single if len(single) > 1 else busy, 2))
    (first, patch), (second, more) = _left_open(desk, one), _left_open(desk, two)
    return first, second, (*patch, *more)


def _find_both(plan: Plan, clients: Mapping[str, Row], *, reading: bool) -> Known:
    """Look at the open deals of clients; return their ids, each under the word for the client."""
    ids: dict[str, str] = {}
    for word, client in clients.items():
        if reading:
            found = plan.call("client_search", criteria={"name": {"equals": client["name"]}})
            plan.call("client_details", client_id=found.at("results.0.client_id"))
            client_id = found.at("results.0.client_id")
        else:
            client_id = seek_client(plan, client)
        found = plan.call("opportunity_search", client_id=client_id, stage={"in": list(OPEN_STAGES)})
        ids[word] = found.at("results.0.opportunity_id")
    return ids


def _both_finds(clients: Mapping[str, Row]) -> tuple[Find, Find]:
    return partial(_find_both, clients=clients, reading=False), partial(_find_both, clients=clients, reading=True)


def _draw_bigger_of_two(desk: Desk) -> Case:
    """The bigger of two deals, or the smaller one, is told about, postponed, and told about again."""
    first, second, patch = _two_deals(desk)
    deals = {"client": first, "other": second}
    clients = {word: desk.shelf.client_of(deal) for word, deal in deals.items()}
    bigger = desk.rng.random() < 0.5  # noqa: PLR2004 - half of the cases each way
    if amount_of(first) == amount_of(second):
        raise NothingFitsError("neither of the deals is the bigger one")
    word = (max if bigger else min)(deals, key=lambda one: amount_of(deals[one]))
    meant = deals[word]
    amount = shown_amount(meant["amount"])
    day = desk.later_day(meant["close_date"], 14, 120)
    change = deal_change(desk, meant, {"close_date": day})

    def talk(plan: Plan, known: Known) -> None:
        plan.respond(f"That is {meant['name']}, {amount}.", name=meant["name"], amount=amount)
        change.carry_out(plan, known[word])
        plan.respond(f"{meant['name']} closes on {day} now.")
        plan.respond(f"It is {meant['owner']}'s, in {meant['stage']}.", owner=meant["owner"], stage=meant["stage"])

    expected, allowed = change_goals((change,))
    facts = {"name": meant["name"], "amount": amount, "owner": meant["owner"], "stage": meant["stage"]}
    answers = tuple(told(name, value) for name, value in facts.items())
    goal = Goal(expected_changes=expected, allowed_changes=allowed, answers=answers)
    names = {place: str(client["name"]) for place, client in clients.items()}
    slots = {**names, "size": "bigger" if bigger else "smaller", "day": desk.day(day)}
    return run_through(desk.manager().handle, slots, _both_finds(clients), talk, goal, patch=patch)


def _draw_sooner_of_two(desk: Desk) -> Case:
    """Of two deals the one that closes first gets a probability, the other one another owner."""
    today = desk.today.isoformat()
    to_come = [row for row in desk.shelf.deals if is_open(row) and str(row["close_date"] or "") >= today]
    first, second = desk.pick(
        (one, two) for one, two in permutations(to_come, 2) if one["close_date"] != two["close_date"]
    )
    sooner, later = sorted((first, second), key=lambda row: str(row["close_date"]))
    heir = desk.seller(other_than=later["owner"])
    points = desk.pick(value for value in range(5, 96, 5) if value != sooner["probability"])
    changes = (deal_change(desk, sooner, {"probability": points}), deal_change(desk, later, {"owner": heir.handle}))
    day = sooner["close_date"]

    def find(plan: Plan, *, listing: bool) -> Known:
        if listing:
            names = {"in": [first["name"], second["name"]]}
            found = plan.call("opportunity_search", name=names, order_by="close_date")
            return {"sooner": found.at("results.0.opportunity_id"), "later": found.at("results.1.opportunity_id")}
        found = {deal_id_of(row): plan.call("opportunity_search", name=row["name"]) for row in (first, second)}
        ids = {key: one.at("results.0.opportunity_id") for key, one in found.items()}
        return {"sooner": ids[deal_id_of(sooner)], "later": ids[deal_id_of(later)]}

    def talk(plan: Plan, known: Known) -> None:
        plan.call("staff_search", name=heir.name)
        changes[0].carry_out(plan, known["sooner"])
        changes[1].carry_out(plan, known["later"])
        plan.respond(f"{sooner['name']} has {points} %, {later['name']} belongs to {heir.name} now.")
        plan.respond(f"{sooner['name']} closes first, on {day}.", name=sooner["name"], close_date=day)

    expected, allowed = change_goals(changes)
    answers = (told("name", sooner["name"]), told("close_date", day))
    goal = Goal(expected_changes=expected, allowed_changes=allowed, answers=answers)
    slots = {
        "deal": str(first["name"]), "other": str(second["name"]), "points": str(points), "colleague": heir.name,
    }  # fmt: skip
    finds = (partial(find, listing=False), partial(find, listing=True))
    return run_through(desk.manager().handle, slots, finds, talk, goal)


def _draw_same_size(desk: Desk) -> Case:
    """The bigger of two deals that are of the same size; only a question tells which one is meant."""
    one, two, patch = _two_deals(desk)
    two = {**two, "amount": one["amount"]}
    deals = {"client": one, "other": two}
    clients = {word: desk.shelf.client_of(deal) for word, deal in deals.items()}
    size, word = desk.pick(("bigger", "smaller")), desk.pick(deals)
    meant, left = deals[word], deals["other" if word == "client" else "client"]
    points = desk.pick(value for value in range(5, 96, 5) if value not in (one["probability"], two["probability"]))
    change = deal_change(desk, meant, {"probability": points})
    amount = shown_amount(one["amount"])

    def play(*, reading: bool) -> Plan:
        plan = Plan()
        known = _find_both(plan, clients, reading=reading)
        plan.ask(
            f"{one['name']} and {two['name']} are the same size, {amount} each. Which one?",
            ReasonCode.AMBIGUOUS_REQUEST,
        )
        change.carry_out(plan, known[word])
        plan.respond(f"{meant['name']} has a probability of {points} now.")
        plan.respond(f"{left['name']} is in {left['stage']}.", stage=left["stage"])
        return plan

    careless = Plan()
    found = _find_both(careless, clients, reading=False)
    deal_change(desk, left, {"probability": points}).carry_out(
        careless, found["other" if word == "client" else "client"]
    )
    careless.respond(f"{left['name']} has a probability of {points} now.")
    expected, allowed = change_goals((change,))
    about = (str(one["name"]), str(two["name"]), "same", "equal")
    goal = Goal(
        expected_changes=expected,
        allowed_changes=allowed,
        answers=(told("stage", left["stage"]),),
        must_ask=RequiredQuestion(about),
    )
    names = {place: str(client["name"]) for place, client in clients.items()}
    answer = Disclosure((*about, "which"), f"Is that so? Then take the one with {names[word]}.")
    return Case(
        {**names, "size": size, "points": str(points)},
        desk.manager().handle,
        goal,
        (play(reading=False).solution(), play(reading=True).solution()),
        disclosures=(answer,),
        patch=(*patch, patched(Entity.OPPORTUNITY, two)),
        blunder=careless.solution(),
    )


COMPARISON_CHOICE = Family(
    name="comparison_choice",
    task="MODIFY OPPORTUNITY",
    level=3,
    share=2,
    blueprints=(
        Blueprint("bigger_of_two", "success", _draw_bigger_of_two),
        Blueprint("sooner_of_two", "success", _draw_sooner_of_two),
        Blueprint("same_size", "failure", _draw_same_size, failure="several_records"),
    ),
)

FAMILIES = (MISSING_FIELDS, CONDITIONAL_REQUEST, COMPARISON_CHOICE)
