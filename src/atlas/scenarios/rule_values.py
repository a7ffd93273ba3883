"""Every value that an unwritten rule can give, by name: what it follows from, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeAlias, get_args

from atlas.core.money import from_cents, to_cents
from atlas.core.records import record

Needed: TypeAlias = Literal["day", "money", "stage", "text", "client", "product", "industry", "address", "shown"]
"""What a value can follow from, besides the rule and the day of the case."""

NEEDS: Final[tuple[Needed, ...]] = get_args(Needed)


@record
class Known:
    """What is known when a rule is applied; what it does not need may be left out.

    Attributes:
        today: The day of the case.
        day: A day, such as a close date.
        money: An amount in currency units.
        stage: A stage of deals.
        text: A text that the user said: a file name, a house word, a kind of paper.
        client: Name of a client.
        product: What a deal is about.
        industry: Industry of a client.
        address: Address of a client.
        shown: A value as the CRM shows it.
    """

    today: date
    day: date = date.min
    money: float = 0.0
    stage: str = ""
    text: str = ""
    client: str = ""
    product: str = ""
    industry: str = ""
    address: str = ""
    shown: object = None


@record
class RuleValue:
    """A value that a rule gives.

    Attributes:
        needs: What it follows from.
        give: Returns it, from the rule and what is known; None where there is none.
        gives: What kind of value it is.
    """

    needs: tuple[Needed, ...]
    give: Callable[[Any, Known], object]
    gives: Literal["text", "number", "day"] = "text"


RULE_VALUES: Final[Mapping[str, Mapping[str, RuleValue]]] = {
    "amount_rounding": {
        "amount": RuleValue(
            ("money",), lambda rule, known: from_cents(rule.round_cents(to_cents(known.money))), "number"
        )
    },
    "change_note": {"note": RuleValue(("shown",), lambda rule, known: rule.render(known.shown))},
    "client_intake": {"status": RuleValue((), lambda rule, _: rule.status)},
    "contract_term": {
        "start": RuleValue(("day",), lambda rule, known: rule.dates(known.day)[0], "day"),
        "end": RuleValue(("day",), lambda rule, known: rule.dates(known.day)[1], "day"),
    },
    "contract_document": {"word": RuleValue((), lambda rule, _: rule.word)},
    "deal_naming": {
        "name": RuleValue(
            ("client", "product"), lambda rule, known: rule.render(known.client, known.product, known.today)
        )
    },
    "deal_retirement": {
        "remark": RuleValue((), lambda rule, _: rule.remark),
        "stage": RuleValue((), lambda _rule, _known: "Closed-Lost"),
    },
    "discount_approval": {
        "approver": RuleValue((), lambda rule, _: rule.approver),
        "approver_name": RuleValue((), lambda rule, _: rule.approver_name),
    },
    "document_contact": {"title": RuleValue(("text",), lambda rule, known: rule.titles.get(known.text))},
    "document_naming": {"file_name": RuleValue(("text",), lambda rule, known: rule.render(known.text, known.today))},
    "escalation": {
        "handle": RuleValue((), lambda rule, _: rule.handle),
        "name": RuleValue((), lambda rule, _: rule.name),
    },
    "idle_deal": {
        "close_date": RuleValue(
            (), lambda rule, known: rule.close_date(known.today) if rule.action == "push" else None, "day"
        ),
        "stage": RuleValue((), lambda rule, _: "Closed-Lost" if rule.action == "lose" else None),
    },
    "opening_stage": {"stage": RuleValue((), lambda rule, _: rule.stage)},
    "owner_assignment": {
        "owner": RuleValue(
            ("industry", "address"),
            lambda rule, known: rule.owners.get(rule.decided_by(industry=known.industry, address=str(known.address))),
        )
    },
    "quarter_end": {"close_date": RuleValue((), lambda rule, known: rule.last_day(known.today), "day")},
    "quote_approval": {
        "note": RuleValue((), lambda rule, _: rule.note),
        "approver": RuleValue((), lambda rule, _: rule.approver),
        "approver_name": RuleValue((), lambda rule, _: rule.approver_name),
    },
    "quote_extension": {"valid_until": RuleValue((), lambda rule, known: rule.valid_until(known.today), "day")},
    "quote_prefix": {"prefix": RuleValue((), lambda rule, known: rule.render(known.today))},
    "quote_validity": {"valid_until": RuleValue((), lambda rule, known: rule.valid_until(known.today), "day")},
    "quote_withdrawal": {
        "locked": RuleValue((), lambda rule, _: rule.locked),
        "status": RuleValue((), lambda _rule, _known: "Canceled"),
    },
    "renewal": {
        "start": RuleValue(("day",), lambda rule, known: rule.dates(known.day)[0], "day"),
        "end": RuleValue(("day",), lambda rule, known: rule.dates(known.day)[1], "day"),
        "value": RuleValue(
            ("money",), lambda rule, known: from_cents(rule.value_cents(to_cents(known.money))), "number"
        ),
    },
    "reopening": {"close_date": RuleValue((), lambda rule, known: rule.close_date(known.today), "day")},
    "stage_document": {"word": RuleValue((), lambda rule, _: rule.word)},
    "stage_probability": {
        "probability": RuleValue(("stage",), lambda rule, known: rule.points.get(known.stage), "number")
    },
    "standard_quote": {
        "amount": RuleValue(
            ("money",), lambda rule, known: from_cents(rule.amount_cents(to_cents(known.money))), "number"
        )
    },
    "vocabulary": {"meaning": RuleValue(("text",), lambda rule, known: rule.meanings().get(known.text))},
}
"""By kind of rule and name of the value."""
