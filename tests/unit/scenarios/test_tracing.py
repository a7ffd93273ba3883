"""Promises of traces: what can be known is traced and worked out again; what nobody can know is not."""

from __future__ import annotations

import dataclasses

import pytest

from atlas.core.errors import CorpusError
from atlas.crm.records import Entity
from atlas.scenarios.archive import Archive
from atlas.scenarios.conventions import ChangeNote, Renewal
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.rederivation import Evidence, read_as, shown_field, work_out
from atlas.scenarios.tracing import bare, evidence_of, expected_values, trace_goal
from atlas.verify.goals import AnswerFact, Equals, ExpectedChange, Goal, Operation
from atlas.verify.matchers import same_value
from atlas.verify.traces import ByRule, Found, OfClock, OfSchema, Said, Stored, Trace


@pytest.fixture(scope="module")
def archive(corpus: Corpus) -> Archive:
    """The company's records."""
    return Archive.of_rows(corpus.company.file.rows)


@pytest.fixture(scope="module")
def evidence(corpus: Corpus, archive: Archive) -> Evidence:
    """What the first case shows."""
    return evidence_of(corpus.scenarios[0], corpus.company.file, archive)[0]


def test_every_expected_value_is_worked_out_again(corpus: Corpus, archive: Archive) -> None:
    """All of them, from their traces alone."""
    for scenario, case in zip(corpus.scenarios, corpus.sealed, strict=True):
        evidence, _ = evidence_of(scenario, corpus.company.file, archive)
        wanted = [(where, bare(value)) for where, _, value in expected_values(case.goal)]
        assert [(one.where, one.value) for one in case.traces] == wanted
        assert all(same_value(one.value, work_out(one.trace, evidence)) for one in case.traces)


def test_a_value_from_nowhere_has_no_trace(evidence: Evidence, archive: Archive) -> None:
    """A made-up amount, a made-up name and a record that nothing leads to."""
    stranger = ExpectedChange(
        Entity.QUOTE, Operation.CREATE, {"amount": Equals(123_456.78), "quote_prefix": Equals("XYZZY")}
    )
    goal = Goal(expected_changes=(stranger,), answers=(AnswerFact("total_amount", Equals(3.14)),))
    assert trace_goal(goal, evidence, archive, {}) == ()


def _client(evidence: Evidence) -> Found:
    row_id, row = next(iter(evidence.rows[Entity.CLIENT].items()))
    return Found(Entity.CLIENT, row_id, "name", Said(0, str(row["name"]), "text"))


@pytest.mark.parametrize(
    "trace",
    [
        Said(0, "nobody ever said this", "text"),
        Said(99, "a", "text"),
        OfSchema("Halfway"),
        ByRule("no_such_rule", "day"),
        Found(Entity.CLIENT, "no-such-id", "name", OfSchema("Client")),
    ],
    ids=["said", "turn", "schema", "rule", "record"],
)
def test_a_trace_that_leads_nowhere_is_an_error(evidence: Evidence, trace: Trace) -> None:
    """Nothing is made up."""
    with pytest.raises(CorpusError):
        work_out(trace, evidence)


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (ByRule("renewal", "start", (OfSchema("Client"),)), "'Client' is no day"),
        (ByRule("renewal", "value", (OfSchema("Client"),)), "'Client' is no amount of money"),
        (ByRule("renewal", "start"), "not 0 inputs"),
    ],
    ids=["day", "money", "inputs"],
)
def test_a_rule_is_applied_to_what_it_needs_only(evidence: Evidence, trace: Trace, message: str) -> None:
    """Anything else is an error that says so."""
    ruled = dataclasses.replace(evidence, conventions=(Renewal(12, 5),))
    with pytest.raises(CorpusError, match=message):
        work_out(trace, ruled)


def test_a_field_that_there_is_not_leads_nowhere(evidence: Evidence) -> None:
    """No record holds it."""
    name = str(evidence.rows[Entity.CLIENT][_client(evidence).id]["name"])
    script = dataclasses.replace(evidence.script, turns=(name,))
    with pytest.raises(CorpusError, match="Client has no field 'shoe_size'"):
        work_out(Stored(_client(evidence), "shoe_size"), dataclasses.replace(evidence, script=script))


@pytest.mark.parametrize("field", ["amount", "close_date"])
def test_a_note_on_a_value_that_nobody_said_is_traced_to_the_record(
    evidence: Evidence, archive: Archive, field: str
) -> None:
    """Who takes a change back leaves a note on what the deal held before."""
    row = next(row for row in evidence.rows[Entity.OPPORTUNITY].values() if row["close_date"] and row["amount"])
    script = dataclasses.replace(evidence.script, turns=(f"Put {row['name']} back, please.",), disclosures=())
    rule = ChangeNote("amount" if field == "amount" else "close_date", "Log entry: {value}!")
    noted = dataclasses.replace(evidence, script=script, conventions=(rule,))
    held = shown_field(Entity.OPPORTUNITY, field, row)
    note = ExpectedChange(Entity.NOTE, Operation.CREATE, {"content": Equals(rule.render(held))})
    (traced,) = trace_goal(Goal(expected_changes=(note,)), noted, archive, {"deal": str(row["name"])})
    assert isinstance(traced.trace, ByRule)
    assert isinstance(traced.trace.inputs[0], Stored)
    assert work_out(traced.trace, noted) == f"Log entry: {held}!"


def test_a_record_is_found_by_what_it_holds_only(evidence: Evidence) -> None:
    """Somebody else's name does not lead to it."""
    script = dataclasses.replace(evidence.script, turns=("Some Other Firm, please.",))
    elsewhere = dataclasses.replace(evidence, script=script)
    found = dataclasses.replace(_client(evidence), value=Said(0, "Some Other Firm", "text"))
    with pytest.raises(CorpusError, match="is not found by name"):
        work_out(Stored(found, "status"), elsewhere)


def test_days_are_counted_from_the_day_of_the_case(evidence: Evidence) -> None:
    """Not from any other."""
    assert work_out(OfClock(0), evidence) == evidence.today.isoformat()


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("45k", "thousands", 45_000),
        ("1.2 million", "millions", 1_200_000),
        ("€1,250.50", "number", 1250.5),
        ("March 2, 2026", "day", "2026-03-02"),
        ("2nd March 2026", "day", "2026-03-02"),
    ],
)
def test_what_was_said_is_read_as_people_read_it(text: str, form: str, value: object) -> None:
    """Amounts and days in the ways in which they are written."""
    assert read_as(text, form) == value
