"""The judge: what counts as done, what as damage, and what the score is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas.crm.records import Change, Entity, FieldValue, Outcome, ReasonCode, Response
from atlas.verify.goals import (
    AnswerFact,
    AnyNewId,
    Approx,
    ChangePattern,
    CreatedRef,
    Equals,
    ExpectedChange,
    Goal,
    Limits,
    OneOf,
    Operation,
    Regex,
    RequiredQuestion,
    RequiredRefusal,
)
from atlas.verify.judge import judge
from atlas.verify.verdict import ItemKind, Verdict

DONE = Response("Done, the quote is ready.")


def created(entity: Entity, row_id: str, **fields: FieldValue) -> Change:
    """A row that the episode created; money in cents, as it is stored."""
    return Change(entity, row_id, None, {**fields}, "0:create")


def updated(entity: Entity, row_id: str, before: dict[str, FieldValue], **after: FieldValue) -> Change:
    """A row that the episode changed."""
    return Change(entity, row_id, before, {**before, **after}, "0:modify")


def verdict(
    goal: Goal, *changes: Change, responses: tuple[Response | None, ...] = (DONE,), writes: int | None = None
) -> Verdict:
    """Judge with one good response unless the test is about responses."""
    return judge(goal, changes=changes, responses=responses, writes=len(changes) if writes is None else writes)


QUOTE_GOAL = Goal(
    expected_changes=(
        ExpectedChange(
            Entity.QUOTE,
            Operation.CREATE,
            {"opportunity_id": Equals("o1"), "amount": Equals(1250.5), "valid_until": Equals("2026-04-01")},
        ),
    )
)
RIGHT_QUOTE = created(Entity.QUOTE, "q1", opportunity_id="o1", amount=125050, valid_until="2026-04-01")
DEAL: dict[str, FieldValue] = {"name": "Rollout", "stage": "Proposal", "amount": 100000, "probability": 40}


def test_the_right_change_and_a_word_to_the_user_is_a_strict_success() -> None:
    """Stored cents are compared with the goal's currency units."""
    found = verdict(QUOTE_GOAL, RIGHT_QUOTE)
    assert (found.score, found.strict, found.failed_fields) == (1.0, True, ())


def test_doing_nothing_in_silence_scores_zero() -> None:
    """Neither the change nor the word is there."""
    found = verdict(QUOTE_GOAL, responses=(None,))
    assert found.score == 0.0
    assert found.failed_fields == ("Quote.opportunity_id", "Quote.amount", "Quote.valid_until", "silence")


def test_a_wrong_value_costs_its_share_and_caps_the_score() -> None:
    """One of three fields wrong: (2/3 + 1) / 2 = 0.8333, below the cap of 0.85; the field is named, not its value."""
    wrong = created(Entity.QUOTE, "q1", opportunity_id="o1", amount=125050, valid_until="2026-04-02")
    found = verdict(QUOTE_GOAL, wrong)
    assert found.score == pytest.approx(5 / 6, abs=1e-6)
    assert found.failed_fields == ("Quote.valid_until",)
    assert found.caps == ("wrong_value",)
    assert "2026-04-01" not in repr(found)


def test_one_wrong_value_among_many_right_ones_stays_below_the_cap() -> None:
    """Ten items right and one wrong would be 0.91; the cap says 0.85."""
    answers = tuple(AnswerFact(f"f{number}", Equals(number)) for number in range(10, 20))
    facts = {f"f{number}": number for number in range(10, 19)}
    told = Response("They are " + ", ".join(str(value) for value in facts.values()), facts=facts)
    found = verdict(Goal(answers=answers), responses=(told,))
    assert found.score == 0.85
    assert found.failed_fields == ("facts.f19",)


def test_a_row_nobody_asked_for_caps_the_score_and_is_named() -> None:
    """Doing it twice is damage."""
    twice = created(Entity.QUOTE, "q2", opportunity_id="o1", amount=125050, valid_until="2026-04-01")
    found = verdict(QUOTE_GOAL, RIGHT_QUOTE, twice)
    assert found.score == 0.5
    assert [(item.entity, item.id, item.field) for item in found.collateral] == [(Entity.QUOTE, "q2", None)]
    assert found.failed_fields == ("collateral:Quote",)


@pytest.mark.parametrize(
    ("extra", "strict"),
    [({"status": "Sent"}, False), ({"quote_prefix": "X"}, False), ({"version": None}, True)],
    ids=["non-default", "extra-text", "empty"],
)
def test_fields_of_a_created_row_that_nobody_asked_for_are_collateral(
    extra: dict[str, FieldValue], *, strict: bool
) -> None:
    """A field that is empty or at its default was not set by anybody."""
    row = created(Entity.QUOTE, "q1", opportunity_id="o1", amount=125050, valid_until="2026-04-01", **extra)
    assert verdict(QUOTE_GOAL, row).strict is strict


def test_what_the_world_writes_by_itself_is_nobodys_doing() -> None:
    """Ids and creation times are no collateral."""
    row = created(
        Entity.QUOTE,
        "q1",
        quote_id="q1",
        created_date="2026-03-02T09:00:00+00:00",
        opportunity_id="o1",
        amount=125050,
        valid_until="2026-04-01",
    )
    assert verdict(QUOTE_GOAL, row).strict


def test_only_the_expected_fields_of_a_changed_row_may_change() -> None:
    """The stage was asked for, the probability was not."""
    goal = Goal(
        expected_changes=(
            ExpectedChange(Entity.OPPORTUNITY, Operation.UPDATE, {"stage": Equals("Negotiation")}, id="o1"),
        )
    )
    assert verdict(goal, updated(Entity.OPPORTUNITY, "o1", DEAL, stage="Negotiation")).strict
    both = verdict(goal, updated(Entity.OPPORTUNITY, "o1", DEAL, stage="Negotiation", probability=70))
    assert both.score == 0.5
    assert both.failed_fields == ("collateral:Opportunity.probability",)


def test_the_right_change_on_the_wrong_record_is_damage() -> None:
    """An update of another row is both missing and collateral."""
    goal = Goal(
        expected_changes=(
            ExpectedChange(Entity.OPPORTUNITY, Operation.UPDATE, {"stage": Equals("Negotiation")}, id="o1"),
        )
    )
    found = verdict(goal, updated(Entity.OPPORTUNITY, "o2", DEAL, stage="Negotiation"))
    assert found.score == 0.5
    assert found.failed_fields == ("Opportunity.stage", "collateral:Opportunity.stage")


@pytest.mark.parametrize(
    ("pattern", "strict"),
    [
        (ChangePattern(Entity.NOTE), True),
        (ChangePattern(Entity.NOTE, Operation.CREATE, where={"entity_id": Equals("o1")}), True),
        (ChangePattern(Entity.NOTE, where={"entity_id": Equals("o2")}), False),
        (ChangePattern(Entity.NOTE, Operation.DELETE), False),
        (ChangePattern(Entity.NOTE, id="other"), False),
        (ChangePattern(Entity.NOTE, fields=("entity_type", "entity_id", "content")), True),
        (ChangePattern(Entity.NOTE, fields=("content",)), False),
        (ChangePattern(Entity.CLIENT), False),
    ],
    ids=["entity", "where", "other-where", "operation", "id", "all-fields", "one-field", "other-entity"],
)
def test_allowed_changes_are_no_collateral(pattern: ChangePattern, *, strict: bool) -> None:
    """A pattern covers what agrees with every part of it, and nothing else."""
    note = created(Entity.NOTE, "n1", entity_type="Opportunity", entity_id="o1", content="Called.")
    assert verdict(replace(QUOTE_GOAL, allowed_changes=(pattern,)), RIGHT_QUOTE, note).strict is strict


def test_an_allowed_field_of_a_changed_row_is_no_collateral() -> None:
    """The pattern names the field; other fields stay forbidden ground."""
    goal = Goal(allowed_changes=(ChangePattern(Entity.OPPORTUNITY, Operation.UPDATE, "o1", ("probability",)),))
    assert verdict(goal, updated(Entity.OPPORTUNITY, "o1", DEAL, probability=50)).strict
    assert not verdict(goal, updated(Entity.OPPORTUNITY, "o1", DEAL, probability=50, amount=1)).strict


@pytest.mark.parametrize(
    ("pattern", "forbidden"),
    [
        (ChangePattern(Entity.OPPORTUNITY, id="o1"), True),
        (ChangePattern(Entity.OPPORTUNITY, fields=("stage",)), True),
        (ChangePattern(Entity.OPPORTUNITY, fields=("amount",)), False),
        (ChangePattern(Entity.OPPORTUNITY, where={"stage": Equals("Closed-Won")}), False),
    ],
    ids=["row", "field", "other-field", "other-value"],
)
def test_a_forbidden_change_voids_the_episode(pattern: ChangePattern, *, forbidden: bool) -> None:
    """Whatever else was right, the score is 0."""
    goal = Goal(
        expected_changes=(
            ExpectedChange(Entity.OPPORTUNITY, Operation.UPDATE, {"stage": Equals("Negotiation")}, id="o1"),
        ),
        forbidden=(pattern,),
    )
    found = verdict(goal, updated(Entity.OPPORTUNITY, "o1", DEAL, stage="Negotiation"))
    assert (found.score == 0.0) is forbidden
    assert bool(found.forbidden) is forbidden


def test_a_deleted_row_is_matched_by_its_id() -> None:
    """Deletion is judged on the row as it was."""
    gone = Change(Entity.QUOTE, "q1", {"status": "Draft"}, None, "0:delete_quote")
    goal = Goal(expected_changes=(ExpectedChange(Entity.QUOTE, Operation.DELETE, id="q1"),))
    assert verdict(goal, gone).strict
    keep = ChangePattern(Entity.QUOTE, Operation.DELETE, where={"status": Equals("Draft")})
    assert verdict(Goal(forbidden=(keep,)), gone).score == 0.0


def test_created_rows_are_matched_so_that_the_most_is_right() -> None:
    """Order of creation does not matter, nor which of two equal rows came first."""

    def want(amount: int, status: str) -> ExpectedChange:
        fields = {"opportunity_id": Equals("o1"), "amount": Equals(amount), "status": Equals(status)}
        return ExpectedChange(Entity.QUOTE, Operation.CREATE, fields)

    goal = Goal(expected_changes=(want(10, "Draft"), want(10, "Sent")))
    rows = (
        created(Entity.QUOTE, "q1", opportunity_id="o1", amount=1000, status="Sent"),
        created(Entity.QUOTE, "q2", opportunity_id="o1", amount=1000, status="Draft"),
    )
    assert verdict(goal, *rows).strict
    assert verdict(goal, *reversed(rows)).strict


def test_a_created_row_may_refer_to_another_one() -> None:
    """The note has to hang on the client that was created, whatever its id, also when the note comes first."""
    note = ExpectedChange(Entity.NOTE, Operation.CREATE, {"entity_id": CreatedRef("client"), "content": Regex("Hi.*")})
    client = ExpectedChange(Entity.CLIENT, Operation.CREATE, {"name": Equals("Acme")}, label="client")
    goal = Goal(expected_changes=(note, client))
    made = created(Entity.CLIENT, "c9", name="Acme")
    assert verdict(goal, created(Entity.NOTE, "n1", entity_id="c9", content="Hi there"), made).strict
    assert not verdict(goal, created(Entity.NOTE, "n1", entity_id="c1", content="Hi there"), made).strict


@pytest.mark.parametrize(
    ("matcher", "strict"),
    [
        (AnyNewId(), True),
        (OneOf(("x", "c9")), True),
        (OneOf(("x",)), False),
        (Approx(1, 1), False),
    ],
    ids=["any-new-id", "one-of", "none-of", "no-number"],
)
def test_matchers_are_asked_field_by_field(matcher: AnyNewId | OneOf | Approx, *, strict: bool) -> None:
    """Each kind of matcher decides on its own."""
    note = ExpectedChange(Entity.NOTE, Operation.CREATE, {"entity_id": matcher})
    client = ExpectedChange(Entity.CLIENT, Operation.CREATE, {"name": Equals("Acme")})
    made = created(Entity.CLIENT, "c9", name="Acme"), created(Entity.NOTE, "n1", entity_id="c9")
    assert verdict(Goal(expected_changes=(note, client)), *made).strict is strict


@pytest.mark.parametrize(
    ("message", "facts", "strict"),
    [
        ("It is worth 45,000 EUR.", {"amount": 45000}, True),
        ("It is worth 45000.00.", {"amount": 45000.0}, True),
        ("It is worth a lot.", {"amount": 45000}, False),
        ("It is worth 45,000.", {"value": 45000}, False),
        ("It is worth 44,000.", {"amount": 44000}, False),
        ("It is worth 45,000.", {}, False),
        ("It is worth 45,000.", {"amount": "45000"}, False),
    ],
    ids=["told", "other-spelling", "not-in-message", "other-name", "wrong", "no-fact", "text-for-number"],
)
def test_an_answer_counts_when_it_is_right_and_stands_in_the_message(
    message: str, facts: dict[str, object], *, strict: bool
) -> None:
    """A fact that the user cannot read does not count."""
    goal = Goal(answers=(AnswerFact("amount", Equals(45000)),))
    assert verdict(goal, responses=(Response(message, facts=facts),)).strict is strict


def test_lists_are_compared_without_order() -> None:
    """Every item has to be told, none may be added."""
    goal = Goal(answers=(AnswerFact("contacts", Equals(["Ada Lund", "Bo Ek"])),))
    told = Response("Bo Ek and Ada Lund.", facts={"contacts": ["Bo Ek", "Ada Lund"]})
    assert verdict(goal, responses=(told,)).strict
    more = Response("Bo Ek, Ada Lund, Cy Oz.", facts={"contacts": ["Bo Ek", "Ada Lund", "Cy Oz"]})
    assert not verdict(goal, responses=(more,)).strict


def test_an_answer_of_one_turn_has_to_come_in_that_turn() -> None:
    """Telling it later is too late."""
    goal = Goal(answers=(AnswerFact("amount", Equals(5), turn=0),))
    told, other = Response("5", facts={"amount": 5}), Response("Fine.")
    assert verdict(goal, responses=(told, other)).strict
    assert not verdict(goal, responses=(other, told)).strict


REFUSAL = Goal(
    must_refuse=RequiredRefusal(ReasonCode.CLOSED_RECORD, ("stage", "Rollout")), final_outcome=Outcome.REFUSED
)


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        (Response("Rollout is closed.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD), ()),
        (Response("Rollout is closed.", Outcome.REFUSED, ReasonCode.DUPLICATE), ("reason_code",)),
        (Response("No.", Outcome.REFUSED, ReasonCode.CLOSED_RECORD), ("message",)),
        (Response("Rollout is done.", Outcome.DONE, ReasonCode.CLOSED_RECORD), ("outcome",)),
        (None, ("outcome", "reason_code", "message", "silence")),
    ],
    ids=["right", "wrong-reason", "names-nothing", "claims-done", "silent"],
)
def test_a_refusal_counts_with_reason_and_name(response: Response | None, failed: tuple[str, ...]) -> None:
    """The right outcome, the right code, and what is wrong by name."""
    found = verdict(REFUSAL, responses=(response,))
    assert found.failed_fields == failed
    assert found.strict is (not failed)


def test_a_question_has_to_be_asked_about_the_right_thing() -> None:
    """Asking something else does not count."""
    goal = Goal(must_ask=RequiredQuestion(("which",)))
    asked = Response("Which Lund do you mean?", Outcome.ASKED, ReasonCode.AMBIGUOUS_REQUEST)
    assert verdict(goal, responses=(asked, DONE)).strict
    assert not verdict(goal, responses=(Response("Sure?", Outcome.ASKED), DONE)).strict
    assert not verdict(goal, responses=(DONE,)).strict


def test_a_blank_message_is_silence() -> None:
    """Every turn has to end with a word to the user."""
    found = verdict(Goal(), responses=(Response("  "), DONE))
    assert found.failed_fields == ("silence",)


def test_too_many_writes_cost_their_item_only() -> None:
    """A bound on writes is an item, not a cap."""
    goal = replace(QUOTE_GOAL, limits=Limits(max_writes=1))
    found = verdict(goal, RIGHT_QUOTE, writes=3)
    assert found.score == pytest.approx(2 / 3, abs=1e-6)
    assert (found.failed_fields, found.caps) == (("max_writes",), ())
    assert {item.kind for item in found.items} == {ItemKind.CHANGE, ItemKind.TOLD_USER, ItemKind.LIMIT}


def test_weights_count() -> None:
    """A change of weight 3 is three quarters of the score."""
    heavy = replace(QUOTE_GOAL.expected_changes[0], weight=3.0)
    assert verdict(Goal(expected_changes=(heavy,))).score == pytest.approx(0.25)
