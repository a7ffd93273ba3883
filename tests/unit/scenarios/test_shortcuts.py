"""Promises of the shortcut agents: each is paid by a goal that rewards its trick, which doing nothing is not."""

from __future__ import annotations

import dataclasses

import pytest

from atlas.crm.records import Entity, Outcome, ReasonCode
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.gates import check_corpus
from atlas.scenarios.records import CustomerScript, Disclosure, Scenario
from atlas.scenarios.shortcuts import SHORTCUTS, play_shortcut
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    Equals,
    ExpectedChange,
    Goal,
    Operation,
    RequiredQuestion,
    RequiredRefusal,
)

SHOWN = 50  # records of each kind that the agent that lists everything asks for


def _refusing(reason: ReasonCode, about: str) -> Goal:
    return Goal(must_refuse=RequiredRefusal(reason, (about,)), final_outcome=Outcome.REFUSED)


@pytest.fixture(scope="module")
def request_(corpus: Corpus) -> Scenario:
    """A manager's message about a deal, in one turn."""
    manager = next(member.handle for member in corpus.company.directory.staff if member.access == "manager")
    name = corpus.company.base.rows(Entity.OPPORTUNITY)[0]["name"]
    script = CustomerScript((f"about {name}, once more",))
    return dataclasses.replace(
        corpus.scenarios[0], actor=manager, world_patch=(), outages=(), dialect=None, customer_script=script
    )


@pytest.fixture(scope="module")
def rewards(corpus: Corpus, request_: Scenario) -> dict[str, Goal]:
    """A goal for each shortcut that is no goal of an exam: it rewards the trick."""
    base = corpus.company.base
    deal = base.rows(Entity.OPPORTUNITY)[0]
    manager = next(member for member in corpus.company.directory.staff if member.handle == request_.actor)
    kinds = (Entity.CLIENT, Entity.OPPORTUNITY, Entity.CONTACT)
    listed = sum(min(len(base.rows(kind)), SHOWN) for kind in kinds)
    noted = ExpectedChange(Entity.NOTE, Operation.CREATE, {"content": Equals(request_.customer_script.turns[0])})
    anything = tuple(ChangePattern(entity) for entity in Entity)
    return {
        "always_ask": Goal(must_ask=RequiredQuestion(("which one",)), final_outcome=Outcome.ASKED),
        "always_escalate": _refusing(ReasonCode.APPROVAL_REQUIRED, manager.name),
        "list_everything": Goal(answers=(AnswerFact("count", Equals(listed)),)),
        "echo_last_id": Goal(answers=(AnswerFact("opportunity_id", Equals(deal["opportunity_id"])),)),
        "call_every_write_once": Goal(expected_changes=(noted,), allowed_changes=anything),
        **{f"always_refuse_{reason.value}": _refusing(reason, str(deal["name"])) for reason in ReasonCode},
    }


@pytest.mark.parametrize("name", [name for name in SHORTCUTS if name != "do_nothing"])
def test_a_goal_that_rewards_a_trick_pays_it(
    corpus: Corpus, request_: Scenario, rewards: dict[str, Goal], name: str
) -> None:
    """So the gate would notice such a goal; and the trick is more than doing nothing."""
    assert play_shortcut(name, corpus.company, request_, rewards[name])
    assert not play_shortcut("do_nothing", corpus.company, request_, rewards[name])


def test_who_does_nothing_is_paid_by_a_goal_that_asks_for_nothing(corpus: Corpus, request_: Scenario) -> None:
    """A word to the user is enough for it; a change is not made."""
    assert play_shortcut("do_nothing", corpus.company, request_, Goal())
    assert not play_shortcut("do_nothing", corpus.company, request_, Goal(final_outcome=Outcome.ASKED))


@pytest.mark.parametrize("reason", ReasonCode)
def test_a_refusal_is_paid_for_its_own_reason_only(
    corpus: Corpus, request_: Scenario, rewards: dict[str, Goal], reason: ReasonCode
) -> None:
    """Of all that always refuse, one passes."""
    goal = rewards[f"always_refuse_{reason.value}"]
    refusing = [name for name in SHORTCUTS if name.startswith("always_refuse_")]
    paid = [name for name in refusing if play_shortcut(name, corpus.company, request_, goal)]
    assert paid == [f"always_refuse_{reason.value}"]


def test_a_conversation_with_somebody_who_only_asks_comes_to_an_end(corpus: Corpus, request_: Scenario) -> None:
    """What is told when asked is told once, then the user gives up."""
    told = tuple(Disclosure(("mean",), f"The other one, number {number}.") for number in range(3))
    script = CustomerScript(request_.customer_script.turns, told)
    asked = dataclasses.replace(request_, customer_script=script)
    goal = Goal(must_ask=RequiredQuestion(("number 2",)), final_outcome=Outcome.ASKED)
    assert play_shortcut("always_ask", corpus.company, asked, goal)


@pytest.mark.parametrize(("rewarded", "kept"), [(1, True), (4, False)])
def test_the_gate_bounds_what_a_shortcut_is_paid(corpus: Corpus, rewarded: int, *, kept: bool) -> None:
    """Chance may give one success case in sixteen to somebody who does nothing; four are too many, and are named."""
    places = [place for place, scenario in enumerate(corpus.scenarios) if scenario.category == "success"][:16]
    sealed = [corpus.sealed[place] for place in places]
    sealed[:rewarded] = [dataclasses.replace(case, goal=Goal()) for case in sealed[:rewarded]]
    some = dataclasses.replace(
        corpus, scenarios=tuple(corpus.scenarios[place] for place in places), sealed=tuple(sealed)
    )
    report = check_corpus(some)
    idle = next(score for score in report.shortcuts if score.agent == "do_nothing")
    assert idle.success == pytest.approx(rewarded / 16)
    gates = {gate.gate: gate for gate in report.gates}
    assert gates["shortcuts"].passed is kept
    assert gates["do_nothing"].failed == rewarded
    assert ("do_nothing passes 25.0% of 16 success cases" in gates["shortcuts"].examples) is not kept
