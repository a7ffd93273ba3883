"""What cases about quotes are drawn from: deals with quotes in given statuses, ways to find them, new quotes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias, cast

from atlas.core.clock import start_of_business
from atlas.core.ids import draw_uuid
from atlas.core.records import JsonObject
from atlas.crm.records import Entity, ReasonCode, Row
from atlas.crm.schema import OPEN_QUOTE_STATUSES
from atlas.scenarios.blueprints import Case
from atlas.scenarios.conventions import QuotePrefix, QuoteValidity, QuoteWithdrawal
from atlas.scenarios.desk import Desk, NothingFitsError, is_open
from atlas.scenarios.families.contract_rows import Patch, patched, refused_first
from atlas.scenarios.families.expect import created, may_note, may_version, updated
from atlas.scenarios.house import shown_amount
from atlas.scenarios.plans import Plan
from atlas.scenarios.records import Disclosure
from atlas.verify.goals import ChangePattern, ExpectedChange, Goal, Solution

_USUAL_DAYS = 30  # of a quote's validity, where the house has no rule
_SHARES = (96, 97, 98, 99)  # percent of a deal's amount that people quote
_WHOLE_TEN = 1000  # cents
REMARKS = (
    "They want to talk again in autumn.", "Their new buyer starts next month.", "Ask for a reference call first.",
    "They liked the delivery times.", "Price was not the problem.", "Send the brochure to their plant too.",
    "Their board meets every other Tuesday.", "They need two more user seats later.",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Quoted:
    """A deal with its quotes.

    Attributes:
        deal: The deal.
        quotes: All its quotes, in the order of the statuses that were asked for.
        patch: The rows that it lacked.
    """

    deal: Row
    quotes: tuple[Row, ...]
    patch: Patch = ()

    @property
    def name(self) -> str:
        """Name of the deal."""
        return str(self.deal["name"])

    def by(self, field: str) -> tuple[Row, ...]:
        """Return the quotes in the order of a field, the lowest value first; ids break ties."""
        return tuple(sorted(self.quotes, key=lambda row: (cast("int | str", row[field]), str(row["quote_id"]))))

    def in_status(self, status: str) -> Quoted:
        """Return the deal with those of its quotes that are in a status."""
        return dataclasses.replace(self, quotes=tuple(row for row in self.quotes if row["status"] == status))


def quoted_deal(desk: Desk, *statuses: str, fits: Callable[[Row], bool] = is_open) -> Quoted:
    """Return a deal that fits with one quote of each status, no more.

    Raises:
        NothingFitsError: two of its quotes have the same amount, so that nobody could tell the higher one.
    """
    wanted = Counter(statuses)
    deal = desk.deal(lambda row: fits(row) and not _held(desk, row) - wanted and not _lapsed(desk, row))
    rows = list(desk.shelf.quotes_of(deal))
    known = len(rows)
    for status in (wanted - _held(desk, deal)).elements():
        rows.append(_next_quote(desk, deal, rows, status))
    if len({row["amount"] for row in rows}) < len(rows):
        raise NothingFitsError("two quotes have the same amount")
    ordered: list[Row] = []
    for status in statuses:
        ordered.append(next(row for row in rows if row["status"] == status and row not in ordered))
    return Quoted(deal, tuple(ordered), tuple(patched(Entity.QUOTE, row) for row in rows[known:]))


def _held(desk: Desk, deal: Row) -> Counter[str]:
    return Counter(str(row["status"]) for row in desk.shelf.quotes_of(deal))


def _lapsed(desk: Desk, deal: Row) -> bool:
    """Tell whether a quote that is still open on ``deal`` ran out; nobody would send or accept that as it is."""
    today = desk.today.isoformat()
    return any(
        row["status"] in OPEN_QUOTE_STATUSES and str(row["valid_until"]) < today for row in desk.shelf.quotes_of(deal)
    )


def _next_quote(desk: Desk, deal: Row, earlier: Sequence[Row], status: str) -> Row:
    """Return a quote that was made after the earlier ones and is still valid."""
    validity, prefix = desk.house.get(QuoteValidity), desk.house.get(QuotePrefix)
    days, version = validity.days if validity else _USUAL_DAYS, len(earlier) + 1
    last = max((date.fromisoformat(str(row["created_date"])[:10]) for row in earlier), default=date.min)
    longest = min(days - 2, (desk.today - last).days - 1)
    made = desk.today - timedelta(days=desk.rng.randint(min(longest, 1), longest))
    return {
        "quote_id": draw_uuid(desk.rng),
        "opportunity_id": deal["opportunity_id"],
        "version": str(version),
        "amount": cast("int", deal["amount"]) * desk.pick(_SHARES) // 100 - version * 100,
        "status": status,
        "valid_until": (made + timedelta(days=days)).isoformat(),
        "created_date": start_of_business(made).isoformat(),
        "quote_prefix": prefix.render(made) if prefix else None,
    }


def open_statuses(desk: Desk) -> tuple[str, ...]:
    """Return the statuses in which the house lets a quote be taken back."""
    rule = desk.house.get(QuoteWithdrawal)
    return tuple(status for status in OPEN_QUOTE_STATUSES if rule is None or status != rule.locked)


# ---------------------------------------------------------------------------------------------------------------------
# Finding them


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What stands for the ids of a deal, its client and its quotes in a plan.

    Attributes:
        deal_id: Of the deal.
        client_id: Of its client.
        quotes: Of the quotes, by their ids.
    """

    deal_id: str
    client_id: str
    quotes: Mapping[str, str]

    def quote(self, row: Row) -> str:
        """Return what stands for the id of a quote."""
        return self.quotes[str(row["quote_id"])]


Finder: TypeAlias = Callable[[Plan, Quoted], Found]
"""Looks up a deal and its quotes."""

Talk: TypeAlias = Callable[[Plan, Found], None]
"""Has the conversation about what was found: every call after that, and every response."""


def ways(quoted: Quoted, talk: Talk, *finders: Finder) -> tuple[Solution, ...]:
    """Return solutions that have the same conversation after different searches."""
    return tuple(play(quoted, talk, finder) for finder in finders)


def play(quoted: Quoted, talk: Talk, finder: Finder) -> Solution:
    """Return the solution in which a conversation follows a search."""
    plan = Plan()
    talk(plan, finder(plan, quoted))
    return plan.solution()


def by_search(plan: Plan, quoted: Quoted) -> Found:
    """Find the deal by its name, then its quotes."""
    deal = plan.call("opportunity_search", name=quoted.deal["name"])
    deal_id = deal.at("results.0.opportunity_id")
    quotes = _listed(quoted, plan.call("quote_search", opportunity_id=deal_id).at, "results")
    return Found(deal_id, deal.at("results.0.client_id"), quotes)


def by_amount(plan: Plan, quoted: Quoted) -> Found:
    """Find the deal by its exact name, then its quotes, the cheapest first."""
    deal = plan.call("opportunity_search", criteria={"name": {"equals": quoted.deal["name"]}})
    deal_id = deal.at("results.0.opportunity_id")
    found = plan.call("quote_search", criteria={"opportunity_id": deal_id}, order_by="amount")
    quotes = {str(row["quote_id"]): found.at(f"results.{n}.quote_id") for n, row in enumerate(quoted.by("amount"))}
    return Found(deal_id, deal.at("results.0.client_id"), quotes)


def by_view(plan: Plan, quoted: Quoted) -> Found:
    """Find the deal by its exact name and read everything about it."""
    deal = plan.call("opportunity_search", criteria={"name": {"equals": quoted.deal["name"]}})
    view = plan.call("view_opportunity_details", opportunity_id=deal.at("results.0.opportunity_id"))
    quotes = {str(row["quote_id"]): view.at(f"quotes.{n}.quote_id") for n, row in enumerate(quoted.by("created_date"))}
    return Found(view.at("opportunity.opportunity_id"), view.at("client.client_id"), quotes)


def by_client(desk: Desk) -> Finder:
    """Return the finder that starts from the client, where the user said its name."""

    def find(plan: Plan, quoted: Quoted) -> Found:
        client = desk.shelf.client_of(quoted.deal)
        client_id = plan.call("client_search", name=client["name"]).at("results.0.client_id")
        details = plan.call("client_details", client_id=client_id)
        place = sorted(str(row["name"]) for row in desk.shelf.deals_of(client)).index(quoted.name)
        deal_id = details.at(f"opportunities.{place}.opportunity_id")
        quotes = _listed(quoted, plan.call("quote_search", opportunity_id=deal_id).at, "results")
        return Found(deal_id, client_id, quotes)

    return find


def by_status(status: str) -> Finder:
    """Return the finder that looks for quotes of one status only."""

    def find(plan: Plan, quoted: Quoted) -> Found:
        deal = plan.call("opportunity_search", name=quoted.deal["name"])
        deal_id = deal.at("results.0.opportunity_id")
        found = plan.call("quote_search", criteria={"opportunity_id": deal_id, "status": {"equals": status}})
        return Found(deal_id, deal.at("results.0.client_id"), _listed(quoted.in_status(status), found.at, "results"))

    return find


def _listed(quoted: Quoted, at: Callable[[str], str], where: str) -> dict[str, str]:
    """Return what stands for the ids of the quotes in a result that lists them in the order of these ids."""
    return {str(row["quote_id"]): at(f"{where}.{n}.quote_id") for n, row in enumerate(quoted.by("quote_id"))}


# ---------------------------------------------------------------------------------------------------------------------
# Changing them


def amount_of(row: Row) -> object:
    """Return the amount of a deal or a quote as it is shown."""
    return shown_amount(row["amount"])


def quote_set(row: Row, **values: object) -> ExpectedChange:
    """Expect a quote to hold ``values`` where it did not before."""
    return updated(Entity.QUOTE, row["quote_id"], values)


def quotable(desk: Desk, deal: Row) -> bool:
    """Tell whether ``deal`` is open and any colleague may quote nearly all of its amount."""
    cents = cast("int", deal["amount"])
    return is_open(deal) and not any(desk.house.quote_needs_approval(cents * part // 100, cents) for part in (95, 100))


def offer(desk: Desk, deal: Row, *, other_than: Sequence[object] = ()) -> int:
    """Return an amount in cents that any colleague may quote for a quotable deal, on whole tens.

    Raises:
        NothingFitsError: all such amounts are in ``other_than``.
    """
    whole = cast("int", deal["amount"])
    amounts = (whole * percent // (100 * _WHOLE_TEN) * _WHOLE_TEN for percent in _SHARES)
    return desk.pick(cents for cents in amounts if cents not in other_than)


def new_quote(desk: Desk, cents: int, *, status: str = "Draft", valid_until: str | None = None) -> dict[str, object]:
    """Return what a new quote holds besides its deal."""
    extra = desk.house.quote_values(desk.today, valid_until=valid_until)
    return {"amount": shown_amount(cents), "status": status, **extra}


def quote_made(deal: Row, values: JsonObject) -> ExpectedChange:
    """Expect a new quote on a deal."""
    return created(Entity.QUOTE, {"opportunity_id": deal["opportunity_id"], **values})


def may_besides(deal: Row) -> tuple[ChangePattern, ...]:
    """Allow what colleagues do beside making a quote: a note on the deal, a version on the quote."""
    return may_note(deal), may_version()


@dataclasses.dataclass(frozen=True, slots=True)
class Mended:
    """A request about quotes that cannot be carried out as it stands, which the user then puts right.

    Attributes:
        quoted: The deal with its quotes.
        reason: Why it cannot be carried out.
        about: What a response has to name, one of them.
        asked: What a question has to be about so that the user puts it right.
        answer: What the user then says.
        changes: What has to have changed in the end.
        turn: Number of the turn that puts it right.
    """

    quoted: Quoted
    reason: ReasonCode
    about: tuple[str, ...]
    asked: tuple[str, ...]
    answer: str
    changes: tuple[ExpectedChange, ...]
    turn: int = 1

    def case(self, desk: Desk, slots: Mapping[str, str], solutions: tuple[Solution, ...], blunder: Solution) -> Case:
        """Return the case."""
        goal = Goal(
            expected_changes=self.changes,
            allowed_changes=may_besides(self.quoted.deal),
            must_refuse=refused_first(self.reason, *self.about),
        )
        return Case(
            {"deal": self.quoted.name, **slots},
            desk.actor_for(self.quoted.deal),
            goal,
            solutions,
            disclosures=(Disclosure(self.asked, self.answer, instead_of=self.turn),),
            patch=self.quoted.patch,
            blunder=blunder,
        )
