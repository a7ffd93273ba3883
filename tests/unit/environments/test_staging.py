"""Leased worlds: opened on a session, given back whole, whatever happens."""

from __future__ import annotations

import pytest
from door_sessions import CountedSessions

from atlas.core.errors import UnknownNameError
from atlas.crm.records import Entity, StaffMember, ToolCall
from atlas.crm.world import World
from atlas.environments import staging
from atlas.environments.casebook import Casebook
from atlas.environments.staging import find_colleague, lease_case, lease_company
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.stage import open_world

NOTE = "Called about the renewal."


def test_the_world_of_a_case_holds_the_rows_of_the_case(book: Casebook, counted_sessions: CountedSessions) -> None:
    """As if the case had been opened without a lease."""
    for place in range(24):
        case = book.draw(lambda _, place=place: place)
        lease = lease_case(case, counted_sessions)
        (store,) = counted_sessions.open
        for row in case.scenario.world_patch:
            assert store.get(row.entity, row.id) is not None
        call = ToolCall("opportunity_search", {"limit": 5})
        assert lease.world.call(call) == open_world(case.company, case.scenario).call(call)
        assert lease.world.today == case.scenario.today
        lease.close()
        lease.close()


def test_a_company_is_opened_on_its_first_day(corpus: Corpus, counted_sessions: CountedSessions) -> None:
    """For the colleague who was named, with ids of new rows that follow from the seed."""
    company = corpus.company
    member = [one for one in company.directory.staff if one.access != "read-only"][-1]
    made: list[object] = []
    for _ in range(2):
        lease = lease_company(company, member.handle, counted_sessions)
        assert lease.world.actor.handle == member.handle
        assert lease.world.today == company.directory.today
        client = company.file.rows[Entity.CLIENT][0]["client_id"]
        note = ToolCall("add_note", {"entity_type": "Client", "entity_id": client, "content": NOTE})
        made.append(lease.world.call(note).data)
        lease.close()
    assert made[0] is not None
    assert made[0] == made[1]


def test_without_a_name_it_is_somebody_who_may_change_records(corpus: Corpus) -> None:
    """The first of the directory; an unknown name is told."""
    staff = corpus.company.directory.staff
    assert find_colleague(corpus.company, None) == next(one for one in staff if one.access != "read-only")
    assert isinstance(find_colleague(corpus.company, staff[2].handle), StaffMember)
    with pytest.raises(UnknownNameError, match="unknown actor 'nobody'"):
        find_colleague(corpus.company, "nobody")


def test_a_world_that_cannot_be_opened_keeps_no_session(
    book: Casebook, counted_sessions: CountedSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slot that nobody can work in is free at once."""

    def fail(*_: object, **__: object) -> World:
        raise UnknownNameError("actor", "nobody", [])

    monkeypatch.setattr(staging, "set_stage", fail)
    with pytest.raises(UnknownNameError):
        lease_case(book.draw(lambda _: 0), counted_sessions)
    assert counted_sessions.begun == 1
