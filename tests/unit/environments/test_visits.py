"""Visits: a case with a user and a verdict, or a company to roam in, whatever the protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest
from door_players import Oracle
from door_sessions import BreakingSessions, CountedSessions

from atlas.core.errors import StorageError
from atlas.core.records import as_json
from atlas.crm.records import ErrorCode, ToolCall
from atlas.crm.sessions import MemorySessions, Sessions
from atlas.environments.casebook import Case, Casebook
from atlas.environments.visits import (
    CaseProgramme,
    CompanyProgramme,
    Reception,
    Visit,
    VisitRecord,
)
from atlas.episodes.loop import EpisodeBudget
from atlas.episodes.records import EpisodeStatus
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.records import Scenario
from atlas.verify.goals import Split

OracleOf = Callable[[Scenario], Oracle]

SEARCH = ToolCall("client_search", {"limit": 1})
GIVE_UP = ToolCall("respond", {"message": "I could not do that.", "outcome": "reported"})


@pytest.fixture
def kept() -> list[VisitRecord]:
    """What the operator got to see."""
    return []


@pytest.fixture
def case(book: Casebook, corpus: Corpus) -> Case:
    """A case whose user speaks once."""
    scenario = next(one for one in corpus.split(Split.STREAM) if len(one.customer_script.turns) == 1)
    return book.find(scenario.scenario_id)


def solve(visit: Visit, oracle: Oracle) -> object:
    """Play a case the way it is done; what came of the last call."""
    data: object = None
    for call in oracle.calls():
        data = visit.call(call).data
        if call.tool != "respond":
            oracle.hear(data)
    return data


def test_the_oracle_gets_full_marks(
    corpus: Corpus, oracle: OracleOf, counted_sessions: CountedSessions, kept: list[VisitRecord]
) -> None:
    """The record says so, the client does not hear of it, and the world is gone when the conversation is over."""
    book = Casebook(corpus.recipe)
    for scenario in corpus.split(Split.STREAM):
        visit = Reception(CaseProgramme(book.find(scenario.scenario_id)), counted_sessions, kept.append).open()
        last = solve(visit, oracle(scenario))
        assert last == {"acknowledged": True, "conversation_over": True, "user": None}
        assert counted_sessions.open == []
        record = kept[-1]
        assert (record.scenario_id, record.status, record.score, record.strict) == (
            scenario.scenario_id,
            EpisodeStatus.COMPLETED,
            1.0,
            True,
        )
        assert record.turns == visit.conversation
        visit.close()
    assert len(kept) == len(corpus.split(Split.STREAM))


def test_the_user_goes_on_after_a_response(corpus: Corpus, kept: list[VisitRecord]) -> None:
    """Its result holds what the user says next."""
    scenario = next(one for one in corpus.scenarios if len(one.customer_script.turns) > 1)
    book = Casebook(corpus.recipe, (scenario.split,))
    reception = Reception(CaseProgramme(book.find(scenario.scenario_id)), MemorySessions(), kept.append)
    visit = reception.open()
    assert scenario.customer_script.turns[0] in reception.instructions()
    told = visit.call(GIVE_UP).data
    assert told == {"acknowledged": True, "conversation_over": False, "user": scenario.customer_script.turns[1]}
    assert kept == []


def test_nothing_is_done_after_the_conversation(case: Case, kept: list[VisitRecord]) -> None:
    """Late calls are answered with an error, and change neither world nor record."""
    visit = Reception(CaseProgramme(case), MemorySessions(), kept.append).open()
    visit.call(GIVE_UP)
    for late in (SEARCH, GIVE_UP):
        error = visit.call(late).error
        assert error is not None
        assert error.code is ErrorCode.TURN_ENDED
        assert "the conversation is over" in error.message
    visit.close()
    assert len(kept) == 1


def test_the_budget_holds(case: Case, kept: list[VisitRecord]) -> None:
    """A client that calls and calls is cut off, and the record says why."""
    visit = Reception(CaseProgramme(case, EpisodeBudget(calls=2)), MemorySessions(), kept.append).open()
    assert [visit.call(SEARCH).ok for _ in range(4)] == [True, True, False, False]
    assert [record.status for record in kept] == [EpisodeStatus.BUDGET_EXHAUSTED]


def test_a_client_that_goes_away_leaves_a_record(
    case: Case, counted_sessions: CountedSessions, kept: list[VisitRecord]
) -> None:
    """Judged by what it did until then."""
    visit = Reception(CaseProgramme(case), counted_sessions, kept.append).open()
    visit.call(SEARCH)
    visit.close()
    visit.close()
    (record,) = kept
    assert record.status is EpisodeStatus.ABANDONED
    assert record.score is not None
    assert record.score < 1.0
    assert "silence" in (record.failed_fields or ())


def test_a_broken_database_is_no_score(
    case: Case, breaking_sessions: BreakingSessions, kept: list[VisitRecord]
) -> None:
    """The client's call raises, the record has the cause and no score."""
    visit = Reception(CaseProgramme(case), cast("Sessions", breaking_sessions), kept.append).open()
    with pytest.raises(StorageError, match="the database went away"):  # noqa: PT012 - at one of the two it breaks
        visit.call(SEARCH)
        visit.call(GIVE_UP)
    visit.close()
    (record,) = kept
    assert (record.status, record.score, record.strict) == (EpisodeStatus.BACKEND_FAILED, None, None)
    assert record.failure == "the database went away"


def test_a_company_can_be_roamed(corpus: Corpus, counted_sessions: CountedSessions, kept: list[VisitRecord]) -> None:
    """Nobody speaks, nothing is judged; what was changed is kept in the record and nowhere else."""
    reception = Reception(CompanyProgramme(corpus.company), counted_sessions, kept.append)
    visits = [reception.open() for _ in range(2)]
    client = visits[0].call(ToolCall("client_search", {"limit": 1})).data
    assert client is not None
    client_id = cast("list[dict[str, object]]", client["results"])[0]["client_id"]
    note = ToolCall("add_note", {"entity_type": "Client", "entity_id": client_id, "content": "Called."})
    assert visits[0].call(note).ok
    assert visits[0].call(GIVE_UP).data == {"acknowledged": True}
    error = visits[0].call(ToolCall("respond", {"message": ""})).error
    assert error is not None
    assert visits[0].call(note).ok
    for visit in visits:
        assert visit.conversation == ()
        visit.close()
        visit.close()
    assert [(record.visit, record.writes, len(record.changes)) for record in kept] == [(1, 2, 2), (2, 0, 0)]
    assert {(record.scenario_id, record.status, record.score) for record in kept} == {(None, None, None)}


def test_a_broken_database_is_told_when_roaming(
    corpus: Corpus, breaking_sessions: BreakingSessions, kept: list[VisitRecord]
) -> None:
    """In the record at the latest."""
    visit = Reception(CompanyProgramme(corpus.company), cast("Sessions", breaking_sessions), kept.append).open()
    if not breaking_sessions.at_journal:
        with pytest.raises(StorageError):
            visit.call(SEARCH)
    visit.close()
    assert [record.failure for record in kept] == ["the database went away"]


def test_a_visitor_is_told_who_it_works_for(corpus: Corpus, case: Case) -> None:
    """The colleague, the day, the opaque id of the company; the staff as the directory tool shows it."""
    company = corpus.company
    for reception in (
        Reception(CompanyProgramme(company), MemorySessions()),
        Reception(CaseProgramme(case), MemorySessions()),
    ):
        facts = reception.facts()
        assert set(facts) == {"actor", "role", "tenant", "today"}
        instructions = reception.instructions()
        for fact in ("actor", "role", "today"):
            assert str(facts[fact]) in instructions
        assert company.name not in json.dumps([facts, instructions])
        found = reception.open().call(ToolCall("staff_search", {"limit": 100})).data
        assert found is not None
        assert as_json(found["results"]) == reception.colleagues()
    assert "The user's first message" not in Reception(CompanyProgramme(company), MemorySessions()).instructions()
