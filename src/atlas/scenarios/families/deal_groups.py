"""What cases about several deals of a client are drawn from, and how such deals are found, changed, told about."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias, cast

from atlas.crm.records import Entity, FieldValue, Row
from atlas.crm.schema import to_shown
from atlas.scenarios.blueprints import Case
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import patched
from atlas.scenarios.families.expect import deal_updated, may_note, note_on_deal
from atlas.scenarios.families.moves import leave_note, modify_deal, seek_and_read_deal, seek_client, seek_deal
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan, Ref
from atlas.scenarios.records import PatchedRow
from atlas.verify.goals import AnswerFact, ChangePattern, Equals, ExpectedChange, Goal

Ids: TypeAlias = Mapping[str, str]
"""What stands for the id of a deal in a plan, by the id."""

Way: TypeAlias = Callable[[Plan], Ids]
"""Looks deals up."""

_LATE_DAYS = range(3, 80)  # how long ago the close date of an overdue deal was


def deal_id_of(deal: Row) -> str:
    """Return the id of a deal."""
    return str(deal["opportunity_id"])


def names_of(deals: Iterable[Row]) -> list[str]:
    """Return the names of deals."""
    return [str(deal["name"]) for deal in deals]


def total_of(deals: Iterable[Row]) -> int | float:
    """Return what deals come to, in currency units."""
    return shown_amount(sum(cast("int", deal["amount"]) for deal in deals))


def amount_of(deal: Row) -> int:
    """Return the amount of a deal in cents."""
    return cast("int", deal["amount"])


def largest_of(deals: Iterable[Row]) -> Row:
    """Return the deal with the largest amount.

    Raises:
        NothingFitsError: there is none, or two of them are the largest.
    """
    ordered = sorted(deals, key=amount_of, reverse=True)
    if not ordered or [amount_of(deal) for deal in ordered[:2]] == [amount_of(ordered[0])] * 2:
        raise NothingFitsError("no deal is the largest one")
    return ordered[0]


# ---------------------------------------------------------------------------------------------------------------------
# Accounts


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """A client with its deals as they are in a case.

    Attributes:
        client: The client.
        deals: All of its deals.
        patch: Those of them that are other than in the company.
    """

    client: Row
    deals: tuple[Row, ...]
    patch: tuple[PatchedRow, ...] = ()

    @property
    def name(self) -> str:
        """What the client is called."""
        return str(self.client["name"])

    @property
    def open_deals(self) -> tuple[Row, ...]:
        """The open deals."""
        return tuple(deal for deal in self.deals if is_open(deal))

    def list_open(self, plan: Plan) -> Ids:
        """Look up the open deals, the earliest close date first."""
        stages = {"in": list(OPEN_STAGES)}
        client_id = seek_client(plan, self.client)
        found = plan.call("opportunity_search", client_id=client_id, stage=stages, order_by="close_date")
        return _ids(found, "results", sorted(self.open_deals, key=_by_close_date))

    def list_stage(self, plan: Plan, stage: str) -> Ids:
        """Look up the deals in a stage."""
        found = plan.call("opportunity_search", criteria={"client_id": seek_client(plan, self.client), "stage": stage})
        return _ids(found, "results", sorted((deal for deal in self.deals if deal["stage"] == stage), key=deal_id_of))

    def read(self, plan: Plan) -> Ids:
        """Look at everything about the client."""
        found = plan.call("client_search", criteria={"name": {"equals": self.name}})
        shown = plan.call("client_details", client_id=found.at("results.0.client_id"))
        return _ids(shown, "opportunities", sorted(self.deals, key=_by_name))


def _by_close_date(deal: Row) -> tuple[bool, str, str]:
    return deal["close_date"] is None, str(deal["close_date"]), deal_id_of(deal)


def _by_name(deal: Row) -> tuple[str, str]:
    return str(deal["name"]).casefold(), deal_id_of(deal)


def _ids(found: Ref, key: str, deals: Sequence[Row]) -> Ids:
    return {deal_id_of(deal): found.at(f"{key}.{place}.opportunity_id") for place, deal in enumerate(deals)}


def named(*deals: Row) -> Way:
    """Return the way of looking deals up by their names."""
    return lambda plan: {deal_id_of(deal): seek_deal(plan, deal) for deal in deals}


def named_and_read(*deals: Row) -> Way:
    """Return the way of looking deals up by their exact names and reading everything about them."""
    return lambda plan: {deal_id_of(deal): seek_and_read_deal(plan, deal) for deal in deals}


def account_of(desk: Desk, client: Row, new: Mapping[str, Mapping[str, FieldValue]] | None = None) -> Account:
    """Return a client with its deals, some of which have ``new`` values (by id and field) in the case."""
    new = new or {}
    deals = tuple({**deal, **new.get(deal_id_of(deal), {})} for deal in desk.shelf.deals_of(client))
    patch = tuple(patched(Entity.OPPORTUNITY, deal) for deal in deals if deal_id_of(deal) in new)
    return Account(client, deals, patch)


def busy_account(desk: Desk, fewest: int) -> Account:
    """Return a client with so many open deals or more."""
    return account_of(desk, desk.client(lambda row: len(_open_of(desk, row)) >= fewest))


def _open_of(desk: Desk, client: Row) -> Sequence[Row]:
    return [deal for deal in desk.shelf.deals_of(client) if is_open(deal)]


def is_late(desk: Desk, deal: Row) -> bool:
    """Tell whether a deal is open and its close date went by."""
    return is_open(deal) and deal["close_date"] is not None and str(deal["close_date"]) < desk.today.isoformat()


def late_account(desk: Desk, count: int, notes: str | None = None) -> tuple[Account, tuple[Row, ...]]:
    """Return a client with so many overdue deals and an open one that is not, and the overdue ones, longest first.

    Args:
        desk: Where to look.
        count: How many.
        notes: What the notes of the overdue deals say; None for whatever they say.
    """
    client = desk.client(
        lambda row: (
            len(_open_of(desk, row)) > count and sum(is_late(desk, deal) for deal in _open_of(desk, row)) <= count
        )
    )
    late = [deal for deal in _open_of(desk, client) if is_late(desk, deal)]
    due = [deal for deal in _open_of(desk, client) if not is_late(desk, deal)]
    late += desk.rng.sample(due, count - len(late))
    days = desk.rng.sample(_LATE_DAYS, count)
    new: dict[str, dict[str, FieldValue]] = {
        deal_id_of(deal): {"close_date": (desk.today - timedelta(days=ago)).isoformat()}
        for deal, ago in zip(late, days, strict=True)
    }
    for fields in new.values():
        fields.update({} if notes is None else {"notes": notes})
    account = account_of(desk, client, new)
    return account, tuple(sorted((deal for deal in account.deals if is_late(desk, deal)), key=_by_close_date))


# ---------------------------------------------------------------------------------------------------------------------
# Changes and cases


@dataclasses.dataclass(frozen=True, slots=True)
class DealChange:
    """A change of a deal, and the note that the house wants with it.

    Attributes:
        deal: The deal as it is before the case.
        values: The new values (shown) by field.
        note: The note; None where none is wanted.
    """

    deal: Row
    values: Mapping[str, object]
    note: str | None = None

    def carry_out(self, plan: Plan, deal_id: str) -> None:
        """Add the calls."""
        modify_deal(plan, deal_id, dict(self.values), self.note)


def deal_change(desk: Desk, deal: Row, values: Mapping[str, object]) -> DealChange:
    """Return the change of a deal to ``values``; the first field decides about the note."""
    field, value = next(iter(values.items()))
    return DealChange(deal, values, desk.house.note_after(field, value))


@dataclasses.dataclass(frozen=True, slots=True)
class Talk:
    """What happens in a turn.

    Attributes:
        done: What the user is told.
        changes: Changes of deals that are made.
        notes: Further notes that are left, each with its deal.
        facts: What the user wants to know.
        look: Calls that have to be made first.
        find: Looks up deals that nobody spoke of before.
    """

    done: str
    changes: Sequence[DealChange] = ()
    notes: Sequence[tuple[Row, str]] = ()
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])
    look: Callable[[Plan], object] | None = None
    find: Way | None = None

    def play(self, plan: Plan, known: Ids) -> None:
        """Add the calls of the turn, and its response."""
        ids = known if self.find is None else {**known, **self.find(plan)}
        if self.look is not None:
            self.look(plan)
        for change in self.changes:
            change.carry_out(plan, ids[deal_id_of(change.deal)])
        for deal, content in self.notes:
            leave_note(plan, ids[deal_id_of(deal)], content)
        plan.respond(self.done, **self.facts)


def talk_case(actor: str, slots: Mapping[str, str], ways: tuple[Way, Way], talks: Sequence[Talk]) -> Case:
    """Return a case in which deals are looked up in the first turn and worked on in all turns."""
    plans = (Plan(), Plan())
    for plan, way in zip(plans, ways, strict=True):
        ids = way(plan)
        for talk in talks:
            talk.play(plan, ids)
    expected, allowed = change_goals(change for talk in talks for change in talk.changes)
    notes = tuple(note_on_deal(deal, content) for talk in talks for deal, content in talk.notes)
    goal = Goal(expected_changes=(*expected, *notes), allowed_changes=allowed, answers=tuple(_answers(talks)))
    return Case(slots, actor, goal, tuple(plan.solution() for plan in plans))


def change_goals(changes: Iterable[DealChange]) -> tuple[tuple[ExpectedChange, ...], tuple[ChangePattern, ...]]:
    """Return what changes of several turns come to, and what else may change."""
    deals: dict[str, Row] = {}
    values: dict[str, dict[str, object]] = {}
    notes: list[ExpectedChange] = []
    noted: set[str] = set()
    for change in changes:
        deal_id = deal_id_of(change.deal)
        deals[deal_id] = change.deal
        values.setdefault(deal_id, {}).update(change.values)
        if change.note is not None:
            notes.append(note_on_deal(change.deal, change.note))
            noted.add(deal_id)
    kept = {deal_id: _other_than_before(deals[deal_id], fields) for deal_id, fields in values.items()}
    updates = (deal_updated(deals[deal_id], fields) for deal_id, fields in kept.items() if fields)
    return (*updates, *notes), tuple(may_note(deal) for deal_id, deal in deals.items() if deal_id not in noted)


def _other_than_before(deal: Row, values: Mapping[str, object]) -> dict[str, object]:
    return {
        field: value for field, value in values.items() if to_shown(Entity.OPPORTUNITY, field, deal[field]) != value
    }


def _answers(talks: Sequence[Talk]) -> Iterator[AnswerFact]:
    """Yield the facts; the turn matters only for those that are told in several turns."""
    times = Counter(name for talk in talks for name in talk.facts)
    for turn, talk in enumerate(talks):
        for name, value in talk.facts.items():
            yield AnswerFact(name, Equals(value), turn if times[name] > 1 else None)
