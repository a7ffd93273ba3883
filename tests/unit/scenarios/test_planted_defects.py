"""One defect planted in a sound corpus: the gate that is there for it finds it, in the words that lead to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal

import pytest

from atlas.crm.records import Entity
from atlas.scenarios.case_gates import CaseOnTrial, examine, secret_texts
from atlas.scenarios.companies import build_company
from atlas.scenarios.conventions import Convention, OwnerAssignment, Term, Vocabulary
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.scenarios.failures import get_failure
from atlas.scenarios.gates import check_corpus, on_trial
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.records import CustomerScript, Disclosure, Scenario
from atlas.verify.goals import Goal, PlannedCall, SealedCase, Solution, Split
from atlas.verify.traces import ByRule, OfSchema, Said, ValueTrace

# ---------------------------------------------------------------------------------------------------------------------
# In one case


@pytest.fixture(scope="module")
def cases(corpus: Corpus) -> Sequence[CaseOnTrial]:
    """Sound cases with everything that is known of them."""
    return list(on_trial(corpus))


def _first(cases: Sequence[CaseOnTrial], wanted: Callable[[CaseOnTrial], object]) -> CaseOnTrial:
    return next(case for case in cases if wanted(case))


def _findings(case: CaseOnTrial, gate: str) -> str:
    """Return what a gate says about a case."""
    return "\n".join(examine(case).findings.get(gate, ()))


def _saying(case: CaseOnTrial, text: str) -> CaseOnTrial:
    """Have the user say a text besides."""
    script = case.scenario.customer_script
    turns = (f"{script.turns[0]} {text}", *script.turns[1:])
    said = dataclasses.replace(case.scenario, customer_script=dataclasses.replace(script, turns=turns))
    return dataclasses.replace(case, scenario=said)


def _sealed(case: CaseOnTrial, **changed: object) -> CaseOnTrial:
    sealed: SealedCase = dataclasses.replace(case.sealed, **changed)
    return dataclasses.replace(case, sealed=sealed)


def _writes(case: CaseOnTrial) -> bool:
    return bool(case.sealed.goal.expected_changes)


def test_the_cases_are_sound(cases: Sequence[CaseOnTrial]) -> None:
    """What is found below is what was planted."""
    assert [case.scenario.scenario_id for case in cases[:40] if examine(case).findings] == []


@pytest.mark.parametrize("leak", ["id", "canary", "approver", "escalation", "slot", "choice"])
def test_a_user_who_gives_something_away_is_found(cases: Sequence[CaseOnTrial], leak: str) -> None:
    """The id of a record, the canary, somebody or something that only an unwritten rule names; a wording unfinished."""
    case = _first(cases, lambda case: any(change.id for change in case.sealed.goal.expected_changes))
    texts = {
        "id": next(change.id for change in case.sealed.goal.expected_changes if change.id),
        "canary": case.scenario.canary,
        "approver": _secret(case, "quote_approval", "discount_approval"),
        "escalation": _secret(case, "escalation"),
        "slot": "as {amount}",
        "choice": "please|kindly",
    }
    told = _findings(_saying(case, texts[leak]), "words")
    assert told.startswith("an unfilled slot or choice" if leak in {"slot", "choice"} else "gives away")
    assert texts[leak] in told
    assert _findings(_saying(case, "as usual"), "words") == ""


def _secret(case: CaseOnTrial, *kinds: str) -> str:
    """Return a text that only a rule of these kinds tells; not every company has each kind."""
    texts = [text for rule in case.company.conventions if rule.kind in kinds for text in secret_texts(rule)]
    others = [text for rule in case.company.conventions for text in secret_texts(rule)]
    return (texts or others)[0]


def test_what_is_told_when_asked_is_searched_for_leaks_too(cases: Sequence[CaseOnTrial]) -> None:
    """A disclosure is something that the user says."""
    script = dataclasses.replace(
        cases[0].scenario.customer_script, disclosures=(Disclosure(("which",), cases[0].scenario.canary),)
    )
    telling = dataclasses.replace(cases[0].scenario, customer_script=script)
    assert "gives away" in _findings(dataclasses.replace(cases[0], scenario=telling), "words")


def _retraced(case: CaseOnTrial, change: Callable[[ValueTrace], ValueTrace]) -> CaseOnTrial:
    return _sealed(case, traces=(change(case.sealed.traces[0]), *case.sealed.traces[1:]))


def test_a_value_that_cannot_be_traced_is_found(cases: Sequence[CaseOnTrial]) -> None:
    """No trace, a trace that leads nowhere, a trace that gives something else."""
    case = _first(cases, lambda case: case.sealed.traces)
    where = case.sealed.traces[0].where
    missing = _findings(_sealed(case, traces=case.sealed.traces[1:]), "traced")
    assert missing.startswith(f"nobody can know {where} ")
    nowhere = _retraced(case, lambda one: dataclasses.replace(one, trace=Said(0, "nobody said this", "text")))
    assert f"the trace of {where} leads nowhere" in _findings(nowhere, "traced")
    other = _retraced(case, lambda one: dataclasses.replace(one, trace=OfSchema("Opportunity")))
    assert f"the trace of {where} gives 'Opportunity', not" in _findings(other, "traced")


@pytest.mark.parametrize("by", ["industry", "territory"])
def test_an_owner_whom_the_rule_does_not_name_is_found(
    cases: Sequence[CaseOnTrial], by: Literal["industry", "territory"]
) -> None:
    """An industry or territory has nobody: the value has no source, and the check goes on."""
    case = _first(cases, lambda case: case.sealed.traces)
    said = Said(0, case.scenario.customer_script.turns[0], "text")
    owned = _retraced(
        case, lambda one: dataclasses.replace(one, trace=ByRule("owner_assignment", "owner", (said, said)))
    )
    file = dataclasses.replace(case.company.file, conventions=(OwnerAssignment(by, {}),))
    told = _findings(dataclasses.replace(owned, company=build_company(file)), "traced")
    assert "leads nowhere: owner_assignment gives no owner here" in told


def test_a_value_that_nobody_can_know_is_found_in_a_solution(cases: Sequence[CaseOnTrial]) -> None:
    """An amount that neither was said nor follows from anything."""
    case = _first(cases, lambda case: _writes(case) and len(case.sealed.solutions[0].turns) == 1)
    turn = case.sealed.solutions[0].turns[0]
    guess = PlannedCall("opportunity_search", {"amount": 987_654.32})
    guessed = Solution(((*turn[:-1], guess, turn[-1]),))
    told = _findings(_sealed(case, solutions=(guessed, *case.sealed.solutions[1:])), "derivable")
    assert told == "solution 0: opportunity_search.amount = 987654.32"


def test_two_ways_that_are_one_are_found(cases: Sequence[CaseOnTrial]) -> None:
    """The same calls twice are one path."""
    case = _first(cases, _writes)
    assert _findings(_sealed(case, solutions=(case.sealed.solutions[0],) * 2), "two_paths") == "one path only"


def test_a_solution_that_does_not_fulfil_the_goal_is_found(cases: Sequence[CaseOnTrial]) -> None:
    """One that leaves out the last change, and one that cannot be played."""
    case = _first(cases, lambda case: _writes(case) and len(case.sealed.solutions[0].turns) == 1)
    respond = case.sealed.solutions[0].turns[0][-1]
    assert respond.tool == RESPOND_TOOL
    lazy = _sealed(
        case, solutions=(Solution(((PlannedCall(RESPOND_TOOL, {"message": "Done.", "outcome": "done"}),),)),)
    )
    assert _findings(lazy, "oracle").startswith("solution 0: 0.")
    lost = PlannedCall("client_search", {"client_id": "{{call_7.client_id}}"})
    broken = _sealed(case, solutions=(Solution(((lost, respond),)),))
    assert "the reference {{call_7.client_id}} leads nowhere" in _findings(broken, "oracle")


def test_a_case_that_is_done_by_doing_nothing_is_found(cases: Sequence[CaseOnTrial]) -> None:
    """Its goal asks for no more than a word."""
    assert _findings(_sealed(cases[0], goal=Goal()), "do_nothing") == "solved by doing nothing"


@pytest.mark.parametrize(
    ("scenario", "sealed", "finding"),
    [
        ({"category": "success"}, {}, "a success of the failure category "),
        ({"failure": None}, {}, "a failure of the failure category None"),
        ({"failure": "no_such"}, {}, "there is no failure category 'no_such'"),
        ({}, {"blunder": None}, "a failure without a blunder"),
    ],
    ids=["success", "no-category", "unknown-category", "no-blunder"],
)
def test_a_failure_that_is_none_is_found(
    cases: Sequence[CaseOnTrial], scenario: dict[str, object], sealed: dict[str, object], finding: str
) -> None:
    """Category and label have to agree, and somebody has to be able to blunder."""
    case = _sealed(_first(cases, lambda case: case.scenario.failure), **sealed)
    labelled: Scenario = dataclasses.replace(case.scenario, **scenario)
    assert _findings(dataclasses.replace(case, scenario=labelled), "blunder").startswith(finding)


def test_a_blunder_that_is_none_is_found(cases: Sequence[CaseOnTrial]) -> None:
    """It succeeds, it cannot be played, or the world does not object as the category says."""

    def objected(case: CaseOnTrial) -> bool:
        failure = case.scenario.failure
        return failure is not None and get_failure(failure).validator is not None

    case = _first(cases, objected)
    told = _findings(_sealed(case, blunder=case.sealed.solutions[0]), "blunder")
    assert told.startswith("the blunder succeeds\nthe blunder met [")
    assert "the blunder cannot be played" in _findings(_sealed(case, blunder=Solution(((),))), "blunder")


# ---------------------------------------------------------------------------------------------------------------------
# In the whole


@pytest.fixture(scope="module")
def small() -> Corpus:
    """As few cases as the gates can count."""
    return generate_corpus(2, stream=12, dev=4, test_same=8)


def _every_scenario(corpus: Corpus, change: Callable[[Scenario], Scenario]) -> Corpus:
    return dataclasses.replace(corpus, scenarios=tuple(change(scenario) for scenario in corpus.scenarios))


def _at_company(corpus: Corpus, conventions: tuple[Convention, ...]) -> Corpus:
    file = dataclasses.replace(corpus.company.file, conventions=conventions)
    return dataclasses.replace(corpus, company=build_company(file))


def _twin(corpus: Corpus) -> Corpus:
    """Have a test case say what a case of the stream says."""
    taught = max(corpus.split(Split.STREAM), key=lambda scenario: len(scenario.customer_script.turns[0]))
    tested = corpus.split(Split.TEST_SAME)[0]
    slots = corpus.sealed[corpus.scenarios.index(taught)].slots
    place = corpus.scenarios.index(tested)
    copied = dataclasses.replace(tested, customer_script=taught.customer_script)
    case = dataclasses.replace(corpus.sealed[place], slots=slots)
    return dataclasses.replace(
        corpus,
        scenarios=(*corpus.scenarios[:place], copied, *corpus.scenarios[place + 1 :]),
        sealed=(*corpus.sealed[:place], case, *corpus.sealed[place + 1 :]),
    )


def _names_a_test_client(corpus: Corpus) -> Corpus:
    """Have the stream speak of a client that is held out."""
    held = corpus.company.file.pools[Split.TEST_SAME][0]
    name = next(row["name"] for row in corpus.company.base.rows(Entity.CLIENT) if row["client_id"] == held)

    def say(scenario: Scenario) -> Scenario:
        if scenario is not corpus.scenarios[0]:
            return scenario
        return dataclasses.replace(scenario, customer_script=CustomerScript((f"Say hello to {name}.",)))

    return _every_scenario(corpus, say)


def _one_phrase(corpus: Corpus) -> Corpus:
    script = CustomerScript(("Please do the usual.",))
    return _every_scenario(corpus, lambda scenario: dataclasses.replace(scenario, customer_script=script))


def _one_case_less(corpus: Corpus) -> Corpus:
    return dataclasses.replace(corpus, scenarios=corpus.scenarios[:-1], sealed=corpus.sealed[:-1])


def _few_rules(corpus: Corpus) -> Corpus:
    return _at_company(corpus, corpus.company.conventions[:3])


def _all_failures(corpus: Corpus) -> Corpus:
    return _every_scenario(corpus, lambda scenario: dataclasses.replace(scenario, category="failure"))


def _no_known_failure(corpus: Corpus) -> Corpus:
    return _every_scenario(corpus, lambda scenario: dataclasses.replace(scenario, failure="no_such"))


def _word_for_nothing(corpus: Corpus) -> Corpus:
    """Have a house word stand for a stage that there is not."""
    word = Vocabulary((Term("limbo", Entity.OPPORTUNITY, "stage", "Halfway", natural=True),))
    rules = tuple(word if isinstance(rule, Vocabulary) else rule for rule in corpus.company.conventions)
    return _at_company(corpus, rules)


def _word_for_no_field(corpus: Corpus) -> Corpus:
    """Have a house word stand for a value of a field that there is not."""
    word = Vocabulary((Term("limbo", Entity.OPPORTUNITY, "phase", "Halfway", natural=True),))
    rules = tuple(word if isinstance(rule, Vocabulary) else rule for rule in corpus.company.conventions)
    return _at_company(corpus, rules)


def _for_a_stranger(corpus: Corpus) -> Corpus:
    return _first_scenario(corpus, actor="no.body")


def _elsewhere(corpus: Corpus) -> Corpus:
    return _first_scenario(corpus, company_seed=77)


def _first_scenario(corpus: Corpus, **changed: object) -> Corpus:
    first: Scenario = dataclasses.replace(corpus.scenarios[0], **changed)
    return dataclasses.replace(corpus, scenarios=(first, *corpus.scenarios[1:]))


PLANTED: dict[str, tuple[str, Callable[[Corpus], Corpus], str]] = {
    "twin": ("alike", _twin, "are nearly the same"),
    "shared name": ("disjoint", _names_a_test_client, "of test_same is mentioned in ['stream']"),
    "one phrase": ("diversity", _one_phrase, "only 1 different utterances in 24 cases"),
    "one case less": ("balance", _one_case_less, "test_same has 7 cases, not 8"),
    "all failures": ("balance", _all_failures, "stream has 12 failures in 12 cases"),
    "few rules": ("balance", _few_rules, "only 3 conventions"),
    "no known failure": ("taxonomy", _no_known_failure, "no failure of a known category"),
    "word for no field": ("fields", _word_for_no_field, "Opportunity has no field 'phase'"),
    "unknown colleague": ("oracle", _for_a_stranger, "cannot be played: unknown actor 'no.body'; known: "),
    "unknown company": ("oracle", _elsewhere, "cannot be played: unknown company '77'; known: 2"),
    "word for nothing": ("fields", _word_for_nothing, "'limbo' stands for 'Halfway', which stage does not allow"),
}


@pytest.mark.parametrize("defect", PLANTED)
def test_a_defect_of_the_whole_is_found(small: Corpus, defect: str) -> None:
    """By its gate, in words that say what is wrong."""
    gate, plant, finding = PLANTED[defect]
    found = {one.gate: one for one in check_corpus(plant(small)).gates}
    assert not found[gate].passed
    assert any(finding in example for example in found[gate].examples), found[gate].examples


@pytest.mark.parametrize("defect", ["unknown colleague", "unknown company"])
def test_a_case_that_cannot_be_played_does_not_keep_the_others_from_being_checked(small: Corpus, defect: str) -> None:
    """It is one finding, whether one process works on it or two."""
    report = check_corpus(PLANTED[defect][1](small))
    oracle = next(gate for gate in report.gates if gate.gate == "oracle")
    assert (oracle.failed, oracle.checked) == (1, 1 + sum(len(case.solutions) for case in small.sealed[1:]))
    assert check_corpus(PLANTED[defect][1](small), jobs=2) == report


def test_the_whole_is_sound_before_anything_is_planted(small: Corpus) -> None:
    """What is found above is what was planted."""
    assert [(gate.gate, gate.examples) for gate in check_corpus(small).gates if not gate.passed] == []
