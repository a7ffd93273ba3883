"""Which conventions a company has, and with which parameters: drawn from its seed."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import Final

from atlas.crm.records import Entity, StaffMember
from atlas.scenarios import conventions as house
from atlas.scenarios.conventions import Convention
from atlas.scenarios.conventions.deals import OPEN_STAGES
from atlas.scenarios.naming import INDUSTRIES, NATURAL_WORDS, TITLES, NameMaker

ACCOUNT_EXECUTIVE = "Account Executive"
GUARDED_ROLES: tuple[str, ...] = ("Support Agent", "Marketing Specialist")

_PROBABILITY_CHANCE = 0.6  # share of companies that tie a probability to every stage
_PREFIX_CHANCE = 0.5  # share of companies with a house prefix on quotes
_LATER_RULES = 8  # of twelve
_BOTH_APPROVALS_CHANCE = 0.3  # share of companies that guard both the amount and the discount of quotes

NOTE_OPENERS: Final = ("Pipeline log", "For the record", "Deal diary", "Change log", "Heads-up for the team")
APPROVAL_NOTES: Final = ("Waiting for approval", "Approval requested", "On hold until approved")
RETIREMENT_REMARKS: Final = ("Withdrawn by sales", "Taken off the list", "Not pursued")
"""What a company may want to read in notes and remarks. No user says it: that would give the rule away."""


@dataclasses.dataclass(frozen=True, slots=True)
class DrawingContext:
    """What conventions are drawn from, besides the generator of their parameters.

    Attributes:
        staff: The colleagues, in directory order.
        mix: Generator that decides which conventions there are.
        reskinned: Draw invented words only, also where a company would use English ones.
    """

    staff: tuple[StaffMember, ...]
    mix: random.Random
    reskinned: bool


def draw_conventions(rng: random.Random, names: NameMaker, context: DrawingContext) -> tuple[Convention, ...]:
    """Return a company's conventions, ordered by kind."""
    words = _Words(rng, names, reskinned=context.reskinned)
    drawn: list[Convention] = [
        _vocabulary(rng, words),
        _superlative(rng, words),
        _standard_quote(rng, words),
        house.QuoteValidity(rng.choice((10, 14, 15, 20, 21, 30, 40, 45, 60, 75, 90))),
        _document_naming(rng, names),
        _change_note(rng, words),
    ]
    drawn += [make() for make in context.mix.sample(_creation_rules(rng, names, context), 2)]
    drawn += _stage_rules(rng, words, context.mix)
    drawn += _approvals(rng, words, context, drawn)
    if context.mix.random() < _PREFIX_CHANCE:
        drawn.append(_quote_prefix(rng, names))
    drawn += [make() for make in context.mix.sample(_office_rules(rng), 4)]
    drawn += [make() for make in context.mix.sample(_later_rules(rng, words, context), _LATER_RULES)]
    if not any(isinstance(convention, house.Confidentiality | house.Discretion) for convention in drawn):
        drawn.append(_confidentiality(rng))  # every company keeps something to itself
    return tuple(sorted(drawn, key=lambda convention: convention.kind))


class _Words:
    """House words: English and invented ones in turn, invented ones only where a company is reskinned."""

    def __init__(self, rng: random.Random, names: NameMaker, *, reskinned: bool) -> None:
        self._rng = rng
        self._names = names
        self._reskinned = reskinned
        self._natural = list(NATURAL_WORDS)
        rng.shuffle(self._natural)
        self._turn = rng.randrange(2)

    def next(self) -> tuple[str, bool]:
        """Return a word and whether it is English."""
        self._turn += 1
        if self._reskinned or self._turn % 2:
            return self._names.opaque(), False
        return self._natural.pop(), True

    def phrase(self, natural: Sequence[str], opaque: Callable[[str], str]) -> tuple[str, bool]:
        """Return one of ``natural`` or, around an invented word, ``opaque``; and whether it is English."""
        word, is_natural = self.next()
        return (self._rng.choice(natural), True) if is_natural else (opaque(word), False)


def _vocabulary(rng: random.Random, words: _Words) -> house.Vocabulary:
    wanted = [(Entity.OPPORTUNITY, "stage", stage) for stage in rng.sample(OPEN_STAGES, 4)]
    wanted += [(Entity.CLIENT, "status", status) for status in rng.sample(("Active", "Prospect", "Inactive"), 2)]
    wanted += [(Entity.CLIENT, "industry", industry) for industry in rng.sample(INDUSTRIES, 2)]
    wanted.append((Entity.QUOTE, "status", "Sent"))
    terms: list[house.Term] = []
    for entity, field, value in wanted:
        word, natural = words.next()
        terms.append(house.Term(word, entity, field, value, natural))
    return house.Vocabulary(tuple(terms))


def _superlative(rng: random.Random, words: _Words) -> house.Superlative:
    nickname, natural = words.phrase(
        ("flagship deal", "headline deal", "anchor deal", "signature deal", "showcase deal"),
        lambda word: f"{word} deal",
    )
    return house.Superlative(
        nickname, rng.choice(("largest", "smallest", "latest_close", "earliest_close")), natural=natural
    )


def _standard_quote(rng: random.Random, words: _Words) -> house.StandardQuote:
    name, natural = words.phrase(
        ("standard quote", "house quote", "friendly quote", "opening quote", "classic quote"),
        lambda word: f"{word} quote",
    )
    return house.StandardQuote(name, rng.choice((84, 85, 86, 88, 90, 92, 94, 95, 96)), natural=natural)


def _document_naming(rng: random.Random, names: NameMaker) -> house.DocumentNaming:
    code = names.code()
    return house.DocumentNaming(
        rng.choice((f"{code}_{{file}}", f"{code}-{{date}}-{{file}}", "{date}_{file}", f"{{date}}_{code}_{{file}}"))
    )


def _quote_prefix(rng: random.Random, names: NameMaker) -> house.QuotePrefix:
    code = names.code()
    return house.QuotePrefix(rng.choice((code, f"{code}-{{year}}", f"{{year}}-{code}", f"{code}{{year}}{{month}}")))


def _change_note(rng: random.Random, words: _Words) -> house.ChangeNote:
    opener, _ = words.phrase(NOTE_OPENERS, str.capitalize)
    template = rng.choice(("{opener}: {value}", "{opener} - now {value}", "[{opener}] {value}"))
    return house.ChangeNote(
        rng.choice(("stage", "stage", "close_date", "amount")), template.replace("{opener}", opener)
    )


def _creation_rules(
    rng: random.Random, names: NameMaker, context: DrawingContext
) -> tuple[Callable[[], Convention], ...]:
    return (
        lambda: _deal_naming(rng, names),
        lambda: house.OpeningStage(rng.choice(("Prospecting", "Qualification"))),
        lambda: _owner_assignment(rng, context),
        lambda: house.AmountRounding(rng.choice((10_000, 25_000, 50_000, 100_000)), rng.choice(("up", "down"))),
    )


def _deal_naming(rng: random.Random, names: NameMaker) -> house.DealNaming:
    code = names.code()
    return house.DealNaming(
        rng.choice(
            (
                "{client} / {product} / {year}",
                "{client} - {product} ({year})",
                "{year} {client}: {product}",
                f"{code} | {{client}} | {{product}}",
                f"{{client}} - {{product}} [{code}]",
            )
        )
    )


def _owner_assignment(rng: random.Random, context: DrawingContext) -> house.OwnerAssignment:
    sellers = [member for member in context.staff if member.role == ACCOUNT_EXECUTIVE]
    if rng.random() < 0.5:  # noqa: PLR2004 - half of the companies each way
        return house.OwnerAssignment("territory", {seller.territory: seller.handle for seller in sellers})
    deck = [sellers[place % len(sellers)].handle for place in range(len(INDUSTRIES))]
    rng.shuffle(deck)
    return house.OwnerAssignment("industry", dict(zip(INDUSTRIES, deck, strict=True)))


def _stage_rules(rng: random.Random, words: _Words, mix: random.Random) -> list[Convention]:
    fields_stage, field = rng.choice(
        (("Proposal", "close_date"), ("Negotiation", "close_date"), ("Closed-Lost", "notes"), ("Closed-Won", "notes"))
    )
    document_stage = rng.choice([stage for stage in ("Proposal", "Negotiation", "Closed-Won") if stage != fields_stage])
    word, _ = words.phrase(("nda", "signoff", "terms", "checklist", "briefing"), str)
    enforced: tuple[Convention, ...] = (
        house.StageLadder(rng.choice(("walk", "refuse"))),
        house.StageFields(fields_stage, "close_date" if field == "close_date" else "notes"),
        house.StageDocument(document_stage, word),
    )
    chosen: list[Convention] = list(mix.sample(enforced, 2))
    if mix.random() < _PROBABILITY_CHANCE:
        points = sorted(rng.sample(range(5, 95), len(OPEN_STAGES)))
        chosen.append(house.StageProbability(dict(zip(OPEN_STAGES, points, strict=True))))
    return chosen


def _approvals(
    rng: random.Random, words: _Words, context: DrawingContext, drawn: Sequence[Convention]
) -> list[Convention]:
    approver = rng.choice([member for member in context.staff if member.access == "manager"])
    usual = next(100 - convention.percent for convention in drawn if isinstance(convention, house.StandardQuote))
    note, _ = words.phrase(APPROVAL_NOTES, lambda word: f"{word} pending")
    guards: tuple[Convention, ...] = (
        house.QuoteApproval(
            limit_cents=rng.choice((120_000, 150_000, 180_000, 200_000, 250_000)) * 100,
            approver=approver.handle,
            approver_name=approver.name,
            note=rng.choice((None, note)),
        ),
        house.DiscountApproval(usual + rng.choice((4, 6, 9, 12)), approver.handle, approver.name),
    )
    if context.mix.random() < _BOTH_APPROVALS_CHANCE:
        return list(guards)
    return [context.mix.choice(guards)]


def _office_rules(rng: random.Random) -> tuple[Callable[[], Convention], ...]:
    return (
        lambda: house.QuoteWithdrawal(rng.choice(("Sent", "Approved"))),
        lambda: house.Reopening(rng.choice((30, 45, 60, 90, 120))),
        lambda: house.QuarterEnd(rng.choice((2, 3, 4, 7, 10, 12))),
        house.DuplicatePolicy,
        house.DealOwnership,
        lambda: _confidentiality(rng),
    )


def _later_rules(rng: random.Random, words: _Words, context: DrawingContext) -> tuple[Callable[[], Convention], ...]:
    """Rules about contracts, accounts, duties and old deals."""
    return (
        lambda: house.AccountReference(rng.choice(("town", "street", "contact"))),
        lambda: house.ClientIntake(rng.choice(("Prospect", "Active", "Inactive"))),
        house.ClientOwnership,
        lambda: house.ContractDocument(words.phrase(("mandate", "countersigned", "orderform"), str)[0]),
        lambda: house.ContractTerm(rng.choice((7, 10, 14, 21, 30)), rng.choice((6, 12, 18, 24, 36))),
        lambda: house.DealRetirement(words.phrase(RETIREMENT_REMARKS, lambda word: f"{word} case")[0]),
        lambda: house.Discretion(rng.choice(("probability", "notes", "owner"))),
        lambda: _document_contact(rng),
        lambda: _escalation(rng, context),
        lambda: house.IdleDeal(rng.choice(("push", "push", "lose")), rng.choice((14, 21, 30, 45, 60))),
        lambda: house.QuoteExtension(rng.choice((7, 10, 14, 21, 28))),
        lambda: house.Renewal(rng.choice((12, 18, 24)), rng.choice((2, 3, 4, 5, 8))),
    )


def _document_contact(rng: random.Random) -> house.DocumentContact:
    titles = rng.sample(TITLES[:6], 3)
    return house.DocumentContact(dict(zip(("NDA", "invoice", "delivery plan"), titles, strict=True)))


def _escalation(rng: random.Random, context: DrawingContext) -> house.Escalation:
    office = [member for member in context.staff if member.access != "read-only" and not member.territory]
    chosen = rng.choice(office)
    duty = rng.choice(("contracts", "client_addresses", "contact_titles"))
    return house.Escalation(duty, chosen.handle, chosen.name)


def _confidentiality(rng: random.Random) -> house.Confidentiality:
    role = rng.choice(GUARDED_ROLES)
    return rng.choice(
        (
            house.Confidentiality(Entity.OPPORTUNITY, "amount", role),
            house.Confidentiality(Entity.CONTACT, "phone", role),
            house.Confidentiality(Entity.CONTACT, "email", role),
        )
    )
