"""A company's own rules reject what they are about, say what they want, and leave everything else alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from atlas.crm.memory import FrozenBase
from atlas.crm.proposal import Proposal, Surroundings
from atlas.crm.records import Actor, Entity, ErrorCode, FieldValue, Row, ToolError
from atlas.crm.rules.company import check, entity_of
from atlas.crm.schema import blank_row
from atlas.crm.validation_rules import (
    AmountLimit,
    AmountStep,
    DiscountLimit,
    DocumentBefore,
    NamePattern,
    NoDelete,
    OwnerOnly,
    ProbabilityBand,
    RequiredFields,
    StagePath,
    UniqueName,
    ValidationRule,
)
from atlas.crm.world import World

MakeWorld = Callable[..., World]
Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]

DEAL: dict[str, object] = {"name": "X", "client_id": "c1", "amount": 100, "stage": "Prospecting"}
QUOTE: dict[str, object] = {"opportunity_id": "o1", "amount": 9_800, "status": "Draft"}


def test_every_rule_is_about_one_kind_of_record() -> None:
    """The world asks only the rules about what is written."""
    assert entity_of(StagePath({})) is entity_of(ProbabilityBand({})) is Entity.OPPORTUNITY
    assert entity_of(DiscountLimit(5)) is entity_of(AmountLimit(Entity.QUOTE, 5)) is Entity.QUOTE
    assert entity_of(UniqueName(Entity.CONTACT)) is Entity.CONTACT


@pytest.mark.parametrize(
    ("rule", "tool", "arguments", "code", "field", "message"),
    [
        pytest.param(
            RequiredFields(Entity.OPPORTUNITY, ("close_date", "notes"), "stage", "Closed-Lost"),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Closed-Lost"},
            "company_rule",
            "notes",
            "company rule: an opportunity needs `notes` when its `stage` is Closed-Lost",
            id="required-when",
        ),
        pytest.param(
            RequiredFields(Entity.CONTACT, ("title",)),
            "create_new_contact",
            {"first_name": "A", "last_name": "B", "client_id": "c1"},
            "company_rule",
            "title",
            "company rule: a contact needs `title`",
            id="required-always",
        ),
        pytest.param(
            StagePath({"Proposal": ("Negotiation", "Closed-Lost")}),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Closed-Won"},
            "company_rule",
            "stage",
            "company rule: an opportunity goes from Proposal only to Negotiation, Closed-Lost, not to Closed-Won",
            id="stage-path",
        ),
        pytest.param(
            StagePath({"Proposal": ()}),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Negotiation"},
            "company_rule",
            "stage",
            "company rule: an opportunity goes from Proposal only to no other stage, not to Negotiation",
            id="stage-path-end",
        ),
        pytest.param(
            ProbabilityBand({"Prospecting": (5, 20)}),
            "create_new_opportunity",
            {**DEAL, "probability": 30},
            "company_rule",
            "probability",
            "company rule: an opportunity in Prospecting has a `probability` from 5 to 20; got 30",
            id="band",
        ),
        pytest.param(
            ProbabilityBand({"Prospecting": (5, 20)}),
            "create_new_opportunity",
            DEAL,
            "company_rule",
            "probability",
            "company rule: an opportunity in Prospecting has a `probability` from 5 to 20; got null",
            id="band-empty",
        ),
        pytest.param(
            ProbabilityBand({"Negotiation": (70, 90)}),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Negotiation"},
            "company_rule",
            "probability",
            "company rule: an opportunity in Negotiation has a `probability` from 70 to 90; got 60",
            id="band-on-stage-change",
        ),
        pytest.param(
            AmountLimit(Entity.QUOTE, 500_000, escalate_to="d.roth"),
            "create_quote",
            QUOTE,
            "approval_required",
            "amount",
            "company rule: a quote over 9,800 is above the limit of 5,000; it needs approval by Dana Roth (d.roth)",
            id="amount-limit",
        ),
        pytest.param(
            AmountLimit(Entity.OPPORTUNITY, 100_050, approver_roles=("Deal Desk",)),
            "modify_opportunity",
            {"opportunity_id": "o1", "amount": 1000.75},
            "approval_required",
            "amount",
            "company rule: an opportunity over 1,000.75 is above the limit of 1,000.5; "
            "it needs approval by manager or Deal Desk",
            id="amount-limit-roles",
        ),
        pytest.param(
            AmountLimit(Entity.QUOTE, 1, approver_access=(), escalate_to="somebody.else"),
            "create_quote",
            QUOTE,
            "approval_required",
            "amount",
            "company rule: a quote over 9,800 is above the limit of 0.01; it needs approval by somebody.else",
            id="amount-limit-stranger",
        ),
        pytest.param(
            AmountLimit(Entity.QUOTE, 1, approver_access=()),
            "create_quote",
            QUOTE,
            "approval_required",
            "amount",
            "company rule: a quote over 9,800 is above the limit of 0.01; it needs approval by nobody here",
            id="amount-limit-nobody",
        ),
        pytest.param(
            DiscountLimit(10),
            "create_quote",
            {**QUOTE, "amount": 8_999.99},
            "approval_required",
            "amount",
            "company rule: a quote over 8,999.99 gives a discount of 10.01 %, more than the limit of 10 %; "
            "it needs approval by manager",
            id="discount-limit",
        ),
        pytest.param(
            DiscountLimit(1),
            "modify_quote",
            {"quote_id": "q1", "amount": 5_000},
            "approval_required",
            "amount",
            "company rule: a quote over 5,000 gives a discount of 50 %, more than the limit of 1 %; "
            "it needs approval by manager",
            id="discount-limit-on-change",
        ),
        pytest.param(
            OwnerOnly(Entity.OPPORTUNITY),
            "modify_opportunity",
            {"opportunity_id": "o2", "notes": "x"},
            "permission_denied",
            "owner",
            "company rule: only the owner (j.lind) or somebody with manager access may change this opportunity; "
            "m.okafor may not",
            id="owner-only",
        ),
        pytest.param(
            OwnerOnly(Entity.QUOTE, exempt_access=()),
            "create_quote",
            {**QUOTE, "opportunity_id": "o2"},
            "permission_denied",
            "owner",
            "company rule: only the owner (j.lind) may change this quote; m.okafor may not",
            id="owner-only-of-parent",
        ),
        pytest.param(
            OwnerOnly(Entity.CONTACT),
            "create_new_contact",
            {"first_name": "A", "last_name": "B", "client_id": "c2"},
            "permission_denied",
            "owner",
            "company rule: only the owner (j.lind) or somebody with manager access may change this contact; "
            "m.okafor may not",
            id="owner-only-of-client",
        ),
        pytest.param(
            OwnerOnly(Entity.NOTE),
            "add_note",
            {"entity_type": "Opportunity", "entity_id": "o2", "content": "x"},
            "permission_denied",
            "owner",
            "company rule: only the owner (j.lind) or somebody with manager access may change this note; "
            "m.okafor may not",
            id="owner-only-of-noted",
        ),
        pytest.param(
            NamePattern(Entity.OPPORTUNITY, "name", r".+ / \d{4}", "Acme / 2026"),
            "create_new_opportunity",
            DEAL,
            "company_rule",
            "name",
            "company rule: the `name` of every opportunity of this company follows the pattern of 'Acme / 2026'; "
            "got 'X'",
            id="name-pattern",
        ),
        pytest.param(
            AmountStep(Entity.OPPORTUNITY, 50_000),
            "modify_opportunity",
            {"opportunity_id": "o1", "amount": 700.5},
            "company_rule",
            "amount",
            "company rule: the `amount` of every opportunity is a multiple of 500; got 700.5",
            id="amount-step",
        ),
        pytest.param(
            DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "signed nda"),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Negotiation"},
            "company_rule",
            "stage",
            "company rule: an opportunity gets the `stage` Negotiation only when a document with 'signed nda' "
            "in its file name is on it",
            id="document-before",
        ),
        pytest.param(
            UniqueName(Entity.OPPORTUNITY),
            "create_new_opportunity",
            {**DEAL, "name": "BADGE upgrade"},
            "duplicate",
            "name",
            "another opportunity of that client is called 'Badge Upgrade' (opportunity_id 'o1')",
            id="unique-name",
        ),
        pytest.param(
            UniqueName(Entity.CONTACT),
            "create_new_contact",
            {"first_name": "ada", "last_name": "MOOR", "client_id": "c1"},
            "duplicate",
            "last_name",
            "another contact of that client is called 'Ada Moor' (contact_id 'k1')",
            id="unique-contact",
        ),
        pytest.param(
            UniqueName(Entity.CLIENT),
            "create_new_client",
            {"name": "halden foods", "email": "x@y.example", "status": "Active"},
            "duplicate",
            "name",
            "another client is called 'Halden Foods' (client_id 'c1')",
            id="unique-client",
        ),
    ],
)
def test_a_broken_rule_says_what_it_wants(
    *,
    make_world: MakeWorld,
    fail_in: Fail,
    rule: ValidationRule,
    tool: str,
    arguments: dict[str, object],
    code: str,
    field: str,
    message: str,
) -> None:
    """Messages are part of the contract: an agent can learn the rule from them."""
    error = fail_in(make_world(rules=(rule,)), tool, **arguments)
    assert (error.code, error.field, error.message) == (ErrorCode(code), field, message)


@pytest.mark.parametrize(
    ("rule", "tool", "arguments"),
    [
        pytest.param(
            RequiredFields(Entity.OPPORTUNITY, ("notes",), "stage", "Closed-Lost"),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Closed-Lost", "notes": "Budget."},
            id="required-given",
        ),
        pytest.param(
            RequiredFields(Entity.OPPORTUNITY, ("notes",), "stage", "Proposal"),
            "modify_opportunity",
            {"opportunity_id": "o1", "amount": 5},
            id="required-untouched",
        ),
        pytest.param(StagePath({"Proposal": ()}), "create_new_opportunity", {**DEAL}, id="stage-of-new"),
        pytest.param(
            StagePath({"Prospecting": ()}),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Prospecting"},
            id="unlisted",
        ),
        pytest.param(
            ProbabilityBand({"Negotiation": (70, 90)}),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Negotiation", "probability": 70},
            id="band-edge",
        ),
        pytest.param(
            ProbabilityBand({"Proposal": (1, 2)}),
            "modify_opportunity",
            {"opportunity_id": "o1", "notes": "x"},
            id="band-untouched",
        ),
        pytest.param(ProbabilityBand({}), "create_new_opportunity", DEAL, id="band-unlisted"),
        pytest.param(AmountLimit(Entity.QUOTE, 980_000), "create_quote", QUOTE, id="limit-edge"),
        pytest.param(
            AmountLimit(Entity.QUOTE, 1, approver_roles=("Account Executive",)), "create_quote", QUOTE, id="limit-role"
        ),
        pytest.param(AmountLimit(Entity.QUOTE, 1, escalate_to="m.okafor"), "create_quote", QUOTE, id="limit-approver"),
        pytest.param(AmountLimit(Entity.QUOTE, 1), "cancel_quote", {"quote_id": "q1"}, id="limit-untouched"),
        pytest.param(DiscountLimit(10), "create_quote", {**QUOTE, "amount": 9_000}, id="discount-edge"),
        pytest.param(DiscountLimit(0), "cancel_quote", {"quote_id": "q1"}, id="discount-untouched"),
        pytest.param(
            OwnerOnly(Entity.OPPORTUNITY), "modify_opportunity", {"opportunity_id": "o1", "notes": "x"}, id="owner"
        ),
        pytest.param(
            OwnerOnly(Entity.OPPORTUNITY), "modify_opportunity", {"opportunity_id": "o3", "notes": "x"}, id="unowned"
        ),
        pytest.param(OwnerOnly(Entity.OPPORTUNITY), "create_new_opportunity", {**DEAL, "owner": "j.lind"}, id="new"),
        pytest.param(OwnerOnly(Entity.OPPORTUNITY), "clone_opportunity", {"opportunity_id": "o2"}, id="clone"),
        pytest.param(
            NamePattern(Entity.OPPORTUNITY, "name", "X+", "XXX"), "create_new_opportunity", DEAL, id="pattern-kept"
        ),
        pytest.param(
            NamePattern(Entity.OPPORTUNITY, "name", "X+", "XXX"),
            "clone_opportunity",
            {"opportunity_id": "o1"},
            id="pattern-clone",
        ),
        pytest.param(
            NamePattern(Entity.OPPORTUNITY, "notes", "X+", "XXX"), "create_new_opportunity", DEAL, id="pattern-empty"
        ),
        pytest.param(AmountStep(Entity.OPPORTUNITY, 5_000), "create_new_opportunity", DEAL, id="step"),
        pytest.param(
            AmountStep(Entity.OPPORTUNITY, 333),
            "modify_opportunity",
            {"opportunity_id": "o1", "notes": "x"},
            id="step-untouched",
        ),
        pytest.param(
            DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "SITE survey"),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Negotiation"},
            id="document-there",
        ),
        pytest.param(
            DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "nda"),
            "modify_opportunity",
            {"opportunity_id": "o1", "stage": "Qualification"},
            id="document-other-value",
        ),
        pytest.param(
            UniqueName(Entity.OPPORTUNITY),
            "create_new_opportunity",
            {**DEAL, "name": "Badge Upgrade", "client_id": "c2"},
            id="unique-elsewhere",
        ),
        pytest.param(
            UniqueName(Entity.OPPORTUNITY),
            "modify_opportunity",
            {"opportunity_id": "o1", "name": "badge upgrade"},
            id="itself",
        ),
        pytest.param(
            UniqueName(Entity.OPPORTUNITY),
            "modify_opportunity",
            {"opportunity_id": "o1", "notes": "x"},
            id="unique-untouched",
        ),
        pytest.param(
            UniqueName(Entity.CONTACT),
            "create_new_contact",
            {"first_name": "Eve", "last_name": "Moor", "client_id": "c1"},
            id="same-surname",
        ),
    ],
)
def test_what_a_rule_is_not_about_passes(
    make_world: MakeWorld, succeed_in: Call, rule: ValidationRule, tool: str, arguments: dict[str, object]
) -> None:
    """Rules look only at what they are about, and only when it changes."""
    succeed_in(make_world(rules=(rule,)), tool, **arguments)


@pytest.mark.parametrize(
    "rule", [AmountLimit(Entity.QUOTE, 1), DiscountLimit(0), OwnerOnly(Entity.QUOTE)], ids=lambda rule: rule.kind
)
def test_managers_go_beyond_limits_and_ownership(make_world: MakeWorld, succeed_in: Call, rule: ValidationRule) -> None:
    """Approval and ownership are questions of who acts."""
    world = make_world(actor="d.roth", rules=(rule,))
    succeed_in(world, "create_quote", opportunity_id="o2", amount=5, status="Draft")


def test_a_document_uploaded_in_the_episode_opens_the_way(
    make_world: MakeWorld, succeed_in: Call, fail_in: Fail
) -> None:
    """What an error asks for can be done, and then the same call passes."""
    world = make_world(rules=(DocumentBefore(Entity.OPPORTUNITY, "stage", "Negotiation", "nda"),))
    error = fail_in(world, "modify_opportunity", opportunity_id="o1", stage="Negotiation")
    assert error.hint == "upload that document first"
    succeed_in(world, "upload_document", entity_type="Opportunity", entity_id="o1", file_name="NDA-signed.pdf")
    succeed_in(world, "modify_opportunity", opportunity_id="o1", stage="Negotiation")


def test_the_first_rule_that_is_broken_answers(make_world: MakeWorld, fail_in: Fail) -> None:
    """Rules are asked in the order in which the company lists them, behind those that hold everywhere."""
    rules = (AmountStep(Entity.OPPORTUNITY, 300), NamePattern(Entity.OPPORTUNITY, "name", "Y", "Y"))
    assert fail_in(make_world(rules=rules), "create_new_opportunity", **DEAL).field == "amount"
    assert fail_in(make_world(rules=rules[::-1]), "create_new_opportunity", **DEAL).field == "name"
    dangling = {**DEAL, "client_id": "c9"}
    assert fail_in(make_world(rules=rules), "create_new_opportunity", **dangling).code is ErrorCode.NOT_FOUND


def proposal(entity: Entity, *, deleted: bool, owner_of: str = "o1") -> Proposal:
    rows = {Entity.OPPORTUNITY: ({"opportunity_id": "o1", "owner": "j.lind"},)}
    around = Surroundings(FrozenBase.build(rows).fork(), {}, Actor("m.okafor", "Account Executive"))
    row = {**blank_row(entity), "opportunity_id": owner_of}
    return Proposal(entity, row if deleted else None, None if deleted else row, (), around)


@pytest.mark.parametrize(
    ("entity", "message", "hint"),
    [
        (Entity.QUOTE, "company rule: quotes are not deleted here", "cancel the quote with cancel_quote instead"),
        (
            Entity.OPPORTUNITY,
            "company rule: opportunities are not deleted here",
            "set its `stage` to Closed-Lost instead",
        ),
        (Entity.CLIENT, "company rule: clients are not deleted here", None),
    ],
    ids=["quote", "opportunity", "client"],
)
def test_nothing_is_deleted_where_that_is_the_rule(entity: Entity, message: str, hint: str | None) -> None:
    """The error says what people do instead, where there is something."""
    error = check(NoDelete(entity), proposal(entity, deleted=True))
    assert error is not None
    assert (error.code, error.message, error.hint) == (ErrorCode.COMPANY_RULE, message, hint)
    assert check(NoDelete(entity), proposal(entity, deleted=False)) is None
    assert check(NoDelete(Entity.NOTE), proposal(entity, deleted=True)) is None


@pytest.mark.parametrize("entity", [Entity.QUOTE, Entity.COMPANY, Entity.CONTRACT], ids=str)
def test_what_has_no_owner_may_be_changed_by_everybody(entity: Entity) -> None:
    """A record without an owner, or whose parent is gone, belongs to nobody."""
    assert check(OwnerOnly(entity), proposal(entity, deleted=True, owner_of="o9")) is None


def test_the_owner_of_a_quote_is_asked_before_it_is_deleted() -> None:
    """Deleting counts as changing."""
    error = check(OwnerOnly(Entity.QUOTE), proposal(Entity.QUOTE, deleted=True))
    assert error is not None
    assert error.code is ErrorCode.PERMISSION_DENIED
    assert check(OwnerOnly(Entity.NOTE), proposal(Entity.QUOTE, deleted=True)) is None


def test_quotes_without_an_opportunity_have_no_discount() -> None:
    """A seed may dangle; a rule does not break on it."""
    assert check(DiscountLimit(0), proposal(Entity.QUOTE, deleted=False, owner_of="o9")) is None


def test_a_rule_about_amounts_needs_records_with_amounts() -> None:
    """A company that limits the amount of notes was written by mistake."""
    with pytest.raises(ValueError, match="Note has no field of money"):
        check(AmountStep(Entity.NOTE, 5), proposal(Entity.NOTE, deleted=False))


@pytest.mark.parametrize(
    ("rule", "tool", "arguments", "code", "message"),
    [
        pytest.param(
            NoDelete(Entity.OPPORTUNITY),
            "delete_opportunity",
            {"opportunity_id": "o1"},
            "company_rule",
            "company rule: opportunities are not deleted here",
            id="itself",
        ),
        pytest.param(
            NoDelete(Entity.QUOTE),
            "delete_opportunity",
            {"opportunity_id": "o1"},
            "company_rule",
            "company rule: quotes are not deleted here",
            id="what-goes-with-it",
        ),
        pytest.param(
            NoDelete(Entity.DOCUMENT),
            "delete_opportunity",
            {"opportunity_id": "o1"},
            "company_rule",
            "company rule: documents are not deleted here",
            id="what-is-on-it",
        ),
        pytest.param(
            OwnerOnly(Entity.OPPORTUNITY),
            "delete_opportunity",
            {"opportunity_id": "o2"},
            "permission_denied",
            "company rule: only the owner (j.lind) or somebody with manager access may change this opportunity; "
            "m.okafor may not",
            id="of-somebody-else",
        ),
        pytest.param(
            OwnerOnly(Entity.CONTRACT),
            "modify_contract",
            {"contract_id": "t9", "status": "Expired"},
            "permission_denied",
            "company rule: only the owner (j.lind) or somebody with manager access may change this contract; "
            "m.okafor may not",
            id="contract-of-somebody-else",
        ),
    ],
)
def test_rules_hold_for_deleting_and_for_contracts(
    *,
    make_world: MakeWorld,
    fail_in: Fail,
    rule: ValidationRule,
    tool: str,
    arguments: dict[str, object],
    code: str,
    message: str,
) -> None:
    """A rule that keeps a record also keeps what it would go with; contracts belong to the owner of their client."""
    rows: Mapping[Entity, tuple[Row, ...]] = {
        Entity.CLIENT: ({"client_id": "c2", "name": "Brightwater", "owner": "j.lind"},),
        Entity.OPPORTUNITY: (
            {"opportunity_id": "o1", "client_id": "c2", "owner": "m.okafor"},
            {"opportunity_id": "o2", "client_id": "c2", "owner": "j.lind"},
        ),
        Entity.QUOTE: ({"quote_id": "q1", "opportunity_id": "o1", "amount": 5},),
        Entity.CONTRACT: ({"contract_id": "t9", "client_id": "c2", "status": "Active"},),
        Entity.DOCUMENT: ({"document_id": "d1", "entity_type": "Quote", "entity_id": "q1", "file_name": "a.pdf"},),
    }
    world = make_world(rules=(rule,), rows=rows)
    error = fail_in(world, tool, **arguments)
    assert (error.code, error.message) == (ErrorCode(code), message)


def test_a_rule_about_names_needs_records_with_names() -> None:
    """A company whose contracts have unique names was written by mistake."""
    with pytest.raises(ValueError, match="Contract has no name"):
        check(UniqueName(Entity.CONTRACT), proposal(Entity.CONTRACT, deleted=False))


def contract(before: Mapping[str, FieldValue] | None = None, **fields: FieldValue) -> Proposal:
    """A write of a contract with the client of Jon Lind, wanted by Mara Okafor."""
    rows: Mapping[Entity, tuple[Row, ...]] = {
        Entity.CLIENT: ({"client_id": "c1", "owner": "j.lind"},),
        Entity.DOCUMENT: (
            {"document_id": "d1", "entity_type": "Contract", "entity_id": "t1", "file_name": "Signed_Copy.pdf"},
        ),
    }
    around = Surroundings(FrozenBase.build(rows).fork(), {}, Actor("m.okafor", "Account Executive"))
    bare = {**blank_row(Entity.CONTRACT), "contract_id": "t1", "client_id": "c1"}
    old = None if before is None else {**bare, **before}
    return Proposal(Entity.CONTRACT, old, {**(old or bare), **fields}, fields, around)


SIGNED = DocumentBefore(Entity.CONTRACT, "status", "Active", "signed copy")
WITHOUT_DOCUMENT = (
    "company rule: a contract gets the `status` Active only when a document with 'countersigned' in its file name is "
    "on it"
)


@pytest.mark.parametrize(
    ("rule", "wanted", "message"),
    [
        pytest.param(
            OwnerOnly(Entity.CONTRACT),
            contract(status="Active"),
            "company rule: only the owner (j.lind) or somebody with manager access may change this contract; "
            "m.okafor may not",
            id="owner-of-the-client",
        ),
        pytest.param(
            AmountLimit(Entity.CONTRACT, 500_000, escalate_to="d.roth"),
            contract(value=600_000),
            "company rule: a contract over 6,000 is above the limit of 5,000; it needs approval by d.roth",
            id="limit",
        ),
        pytest.param(
            AmountStep(Entity.CONTRACT, 50_000),
            contract({}, value=60_000),
            "company rule: the `value` of every contract is a multiple of 500; got 600",
            id="step",
        ),
        pytest.param(
            RequiredFields(Entity.CONTRACT, ("document_url",), "status", "Active"),
            contract({}, status="Active"),
            "company rule: a contract needs `document_url` when its `status` is Active",
            id="required",
        ),
        pytest.param(
            DocumentBefore(Entity.CONTRACT, "status", "Active", "countersigned"),
            contract({}, status="Active"),
            WITHOUT_DOCUMENT,
            id="document",
        ),
    ],
)
def test_contracts_have_rules_like_other_records(rule: ValidationRule, wanted: Proposal, message: str) -> None:
    """Every rule that can be about contracts says so in the same words."""
    error = check(rule, wanted)
    assert error is not None
    assert error.message == message


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        pytest.param(SIGNED, contract({}, status="Active"), id="document-there"),
        pytest.param(AmountLimit(Entity.CONTRACT, 1), contract({"value": 5}, status="Active"), id="limit-untouched"),
        pytest.param(NoDelete(Entity.CONTRACT), contract({}, status="Expired"), id="not-deleted"),
    ],
)
def test_contracts_that_keep_the_rules_pass(rule: ValidationRule, wanted: Proposal) -> None:
    """Rules look at contracts only where they are about what changes."""
    assert check(rule, wanted) is None


def test_names_that_look_alike_are_the_same(make_world: MakeWorld, fail_in: Fail) -> None:
    """An accent may be part of its letter or a character of its own, in new names and in those of before."""
    rows: Mapping[Entity, tuple[Row, ...]] = {
        Entity.CLIENT: ({"client_id": "c1", "name": "Cafe\u0301 Nord", "email": "a@x.example", "status": "Active"},)
    }
    world = make_world(rules=(UniqueName(Entity.CLIENT),), rows=rows)
    for name in ("Caf\u00e9 Nord", "CAFE\u0301 NORD"):
        error = fail_in(world, "create_new_client", name=name, email="b@x.example", status="Active")
        assert error.code is ErrorCode.DUPLICATE


def test_notes_on_nothing_we_know_belong_to_nobody() -> None:
    """A seed may hold a note on a kind of record that there is not."""
    row = {**blank_row(Entity.NOTE), "note_id": "n1", "entity_type": "Campaign", "entity_id": "x"}
    around = Surroundings(FrozenBase.build({}).fork(), {}, Actor("m.okafor", "Account Executive"))
    assert check(OwnerOnly(Entity.NOTE), Proposal(Entity.NOTE, row, None, (), around)) is None
