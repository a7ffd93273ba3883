"""Labelled demonstrations become as few programs as explain them, each in the place where it was shown."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from atlas.agents.baselines import DoNothing
from atlas.agents.clerk import Clerk
from atlas.core.errors import FrozenMemoryError
from atlas.crm.records import Entity, Outcome, ReasonCode, Response, ToolCall, ToolResult
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.episodes.records import Budget, Observation, Step, Turn
from atlas.evaluation.exam import CorpusExam
from atlas.learning.binding import Binder, NoKnowledge
from atlas.learning.compilation import LEAST_CASES, Compiler, CompilerThresholds, Coverage, Demonstration
from atlas.learning.language import Lex
from atlas.learning.memory import Memory
from atlas.learning.playbooks import Lifecycle, Playbook, PlaybookKind
from atlas.learning.privacy import find_literals, unsealed
from atlas.learning.programs import Slot, Workflow
from atlas.learning.situation import Situation
from atlas.learning.slots import bind_slot
from atlas.scenarios.corpus import Corpus, generate_corpus
from atlas.verify.goals import Split

TODAY = date(2026, 3, 2)
DEALS = (
    "Fleet Rollout",
    "Harbor Upgrade",
    "Cedar Migration",
    "Zenith Renewal",
    "Bolt Expansion",
    "Delta Overhaul",
    "Maple Extension",
    "Onyx Retrofit",
)
DONE = Response("Done.", Outcome.DONE)


def _id(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def _step(tool: str, arguments: Mapping[str, object], **data: object) -> Step:
    return Step(ToolCall(tool, arguments), ToolResult(data=data))


def _find(deal: str, **fields: object) -> Step:
    row = {"opportunity_id": _id(deal), "name": deal, **fields}
    return _step("opportunity_search", {"name": deal}, results=[row], total=1)


def _shown(kind: str, *turns: Turn, tenant: str = "t") -> Demonstration:
    seen = Observation((Turn(turns[0].user),), "m.okafor", "Rep", TODAY, TOOL_SPECS, Budget(30, 10), tenant)
    return Demonstration(kind, seen, turns)


def _compiled(*shown: Demonstration, memory: Memory | None = None) -> tuple[Memory, Mapping[str, Coverage]]:
    memory = memory or Memory()
    return memory, Compiler(memory, TOOL_SPECS).compile(shown)


def _workflows(memory: Memory, situation: str) -> list[Playbook]:
    return [
        playbook
        for playbook in memory.playbooks
        if playbook.kind is PlaybookKind.WORKFLOW and playbook.cue.situation == situation
    ]


def _slot(playbook: Playbook, path: str) -> Slot:
    assert isinstance(playbook.program, Workflow)
    return next(slot for step in playbook.program.steps[1:] for slot in step.slots if slot.path == path)


def _bound(playbook: Playbook, path: str, message: str, *steps: Step) -> object:
    """Return what the lesson would put into an argument of its last calls here."""
    here = Situation((Turn(message, steps),), actor="m.okafor", role="Rep", today=TODAY)
    return bind_slot(_slot(playbook, path), Binder(here, NoKnowledge()), least_share=0.5)[0]


def _raise(deal: str, stated: int, entered: int | None = None, kind: str = "amount") -> Demonstration:
    """Enter the amount that the message states, or quite another one."""
    change = {"opportunity_id": _id(deal), "amount": stated if entered is None else entered}
    message = f"Put {deal} at {stated} EUR, please."
    return _shown(kind, Turn(message, (_find(deal), _step("modify_opportunity", change, **change)), DONE))


def _quotes(deal: str, amounts: Sequence[int]) -> Step:
    rows = [
        {"quote_id": _id(f"{deal} {amount}"), "opportunity_id": _id(deal), "amount": amount, "status": "Draft"}
        for amount in amounts
    ]
    return _step("quote_search", {"opportunity_id": _id(deal)}, results=rows, total=len(rows))


def _cancel(deal: str, word: str, amounts: Sequence[int], chosen: int) -> Demonstration:
    """Cancel one of two quotes, which a word of the message tells."""
    quote = {"quote_id": _id(f"{deal} {chosen}")}
    steps = (_find(deal), _quotes(deal, amounts), _step("cancel_quote", quote, **quote))
    return _shown("cancel", Turn(f"Please cancel the {word} quote on {deal}.", steps, DONE))


def test_cases_that_agree_have_one_program() -> None:
    """It holds for all of them, is in use at once, and does the same for a deal that nobody showed."""
    memory, coverage = _compiled(*(_raise(deal, 3100 + 170 * place) for place, deal in enumerate(DEALS[:5])))
    (playbook,) = _workflows(memory, "amount 1")
    assert coverage == {"amount": Coverage(cases=5, explained=5, programs=1)}
    assert playbook.state is Lifecycle.ACTIVE
    assert len(playbook.evidence.cases) == len(playbook.cue.prototypes) + 4 == 5
    assert {"modify", "<money>"} <= set(playbook.cue.terms)
    assert _bound(playbook, "amount", "Put Onyx Retrofit at 9950 EUR, please.", _find("Onyx Retrofit")) == 9950
    assert memory.episodes == 5


def _told_apart(orders: Sequence[int]) -> list[Demonstration]:
    """The cheaper and the dearer of two quotes in turn; with -1, the rows stand the other way round."""
    shown: list[Demonstration] = []
    for place, (deal, order) in enumerate(zip(DEALS, orders, strict=True)):
        amounts = (2100 + 130 * place, 5400 + 170 * place)[::order]
        word, chosen = ("cheaper", min(amounts)) if place % 2 else ("dearer", max(amounts))
        shown.append(_cancel(deal, word, amounts, chosen))
    return shown


MIXED = (1, -1, 1, -1, -1, 1, -1, 1)
FIRST_ROW = (1, 1, 1, -1, -1, -1, -1, 1)
LAST_ROW = (-1, -1, -1, 1, 1, 1, 1, 1)


@pytest.mark.parametrize("orders", [MIXED, FIRST_ROW, LAST_ROW], ids=["mixed", "often-first-row", "often-last-row"])
def test_a_word_of_the_message_divides_cases(orders: Sequence[int]) -> None:
    """The cheaper and the dearer one are told apart by their words, wherever the rows happened to stand."""
    memory, coverage = _compiled(*_told_apart(orders))
    assert coverage == {"cancel": Coverage(cases=8, explained=8, programs=2)}
    told: dict[str, list[object]] = {}
    for playbook in _workflows(memory, "cancel 1"):
        (word,) = {"cheaper", "dearer"} & set(playbook.cue.terms)
        assert all(word in prototype for prototype in playbook.cue.prototypes)
        told[word] = [
            _bound(playbook, "quote_id", f"Please cancel the {word} quote on Sun Lift.", _find("Sun Lift"), found)
            for found in (_quotes("Sun Lift", (700, 900)), _quotes("Sun Lift", (900, 700)))
        ]
    assert told == {"cheaper": [_id("Sun Lift 700")] * 2, "dearer": [_id("Sun Lift 900")] * 2}


@pytest.mark.parametrize("place", [0, 4, 8])
def test_a_case_shown_otherwise_leaves_the_others_alone(place: int) -> None:
    """Neither the middle quote that the word "cheaper" once stood for, nor when it came, spoils a program."""
    shown = _told_apart(MIXED)
    shown.insert(place, _cancel("Pearl Revamp", "cheaper", (2100, 4000, 5400), 4000))
    memory, coverage = _compiled(*shown)
    assert coverage == {"cancel": Coverage(cases=9, explained=8, programs=3)}
    assert sorted(len(playbook.evidence.cases) for playbook in _workflows(memory, "cancel 1")) == [1, 4, 4]


def test_only_so_many_tests_are_tried() -> None:
    """Without any, cases are put together in the order in which they come, by what happens to fit them."""
    memory = Memory()
    Compiler(memory, TOOL_SPECS, CompilerThresholds(most_rivals=0)).compile(_told_apart(FIRST_ROW))
    mixed = [playbook for playbook in _workflows(memory, "cancel 1") if len(playbook.cue.prototypes) > 1]
    assert mixed
    assert not any({"cheaper", "dearer"} & set(playbook.cue.terms) for playbook in mixed)


def _note(deal: str, content: str, message: str = "Leave a note on {deal}.") -> Turn:
    note = {"entity_type": "Opportunity", "entity_id": _id(deal), "content": content}
    return Turn(message.format(deal=deal), (_find(deal), _step("add_note", note, **note)), DONE)


def _staged(deal: str, stage: str, amounts: Sequence[int]) -> Demonstration:
    """Cancel the dearer quote of a deal in negotiation, the cheaper one of any other; the message does not tell."""
    quote = {"quote_id": _id(f"{deal} {(max if stage == 'Negotiation' else min)(amounts)}")}
    steps = (_find(deal, stage=stage), _quotes(deal, amounts), _step("cancel_quote", quote, **quote))
    return _shown("cancel", Turn(f"Please cancel a quote on {deal}.", steps, DONE))


def test_a_fact_of_the_record_divides_cases() -> None:
    """Where all messages are alike, the stage of the deal tells which of the programs holds."""
    shown = [
        _staged(deal, ("Negotiation", "Proposal")[place % 2], (2100 + 130 * place, 5400 + 170 * place)[::order])
        for place, (deal, order) in enumerate(zip(DEALS, (1, -1, -1, -1, 1, 1, 1, -1), strict=True))
    ]
    memory, coverage = _compiled(*shown)
    assert coverage == {"cancel": Coverage(cases=8, explained=8, programs=2)}
    stages: dict[object, object] = {}
    for playbook in _workflows(memory, "cancel 1"):
        (stage,) = (known.words for known in playbook.evidence.ranges if known.feature == "opportunity.stage")
        found = (_find("Sun Lift"), _quotes("Sun Lift", (700, 900)))
        stages[stage] = _bound(playbook, "quote_id", "Please cancel a quote on Sun Lift.", *found)
    assert stages == {(("Negotiation", 4),): _id("Sun Lift 900"), (("Proposal", 4),): _id("Sun Lift 700")}


def test_cases_that_nothing_divides_have_programs_of_their_own() -> None:
    """They are not explained, stand in nobody's way, and the others have their program wherever they come."""
    strays = [_raise(deal, 4000, entered) for deal, entered in zip(DEALS[:2], (7129, 9431), strict=True)]
    plain = [_raise(deal, 3100 + 170 * place) for place, deal in enumerate(DEALS[2:6])]
    for shown in ((*strays, *plain), (*plain, *strays), (strays[0], *plain, strays[1])):
        memory, coverage = _compiled(*shown)
        assert coverage == {"amount": Coverage(cases=6, explained=4, programs=3)}
        sizes = sorted(len(playbook.evidence.cases) for playbook in _workflows(memory, "amount 1"))
        assert sizes == [1, 1, 4]


@pytest.mark.parametrize("cases", [1, 2, 3, 4])
def test_few_cases_are_not_explained(cases: int) -> None:
    """A program that could as well be a coincidence is written all the same."""
    memory, coverage = _compiled(*(_raise(deal, 3100) for deal in DEALS[:cases]))
    assert len(_workflows(memory, "amount 1")) == 1
    assert coverage["amount"] == Coverage(cases, cases if cases >= LEAST_CASES else 0, 1)


def test_every_turn_has_its_own_place() -> None:
    """What the second turn asks for in the same words and with the same calls is another lesson."""
    shown = [_shown("notes", _note(deal, "They called."), _note(deal, "They wrote.")) for deal in DEALS[:4]]
    memory, coverage = _compiled(*shown)
    assert coverage == {"notes": Coverage(cases=4, explained=4, programs=2)}
    told: list[object] = []
    for place in (1, 2):
        (playbook,) = _workflows(memory, f"notes {place}")
        assert all(("<again>" in prototype) is (place == 2) for prototype in playbook.cue.prototypes)
        told.append(_bound(playbook, "content", "Leave a note on Sun Lift.", _find("Sun Lift")))
    assert told == ["They called.", "They wrote."]


def test_a_case_is_explained_only_if_each_of_its_turns_is() -> None:
    """A first turn with a program does not make up for second turns that nothing explains; of two ends, too."""
    endings = (
        Response("No.", Outcome.REFUSED, ReasonCode.POLICY_VIOLATION),
        Response("No.", Outcome.REFUSED, ReasonCode.DUPLICATE),
    )
    firsts = [_raise(deal, 3100 + 170 * place).turns[0] for place, deal in enumerate(DEALS[:5])]
    shown = [_shown("amount", first) for first in firsts[:3]]
    shown += [
        _shown("amount", first, Turn("And now?", (), end)) for first, end in zip(firsts[3:], endings, strict=True)
    ]
    memory, coverage = _compiled(*shown)
    assert len(_workflows(memory, "amount 1")) == 1
    assert len(_workflows(memory, "amount 2")) == 2
    assert coverage == {"amount": Coverage(cases=5, explained=3, programs=3)}


def test_an_open_turn_teaches_nothing() -> None:
    """A demonstration without an answer is a case that is not explained, and no lesson comes of it."""
    memory, coverage = _compiled(_shown("amount", Turn("Put Fleet Rollout at 3100 EUR.")))
    assert memory.playbooks == ()
    assert coverage == {"amount": Coverage(cases=1)}


def _mark(deal: str, word: str, stage: str) -> Demonstration:
    change = {"opportunity_id": _id(deal), "stage": stage}
    steps = (_find(deal), _step("modify_opportunity", change, **change))
    return _shown("mark", Turn(f"Mark {deal} as {word}.", steps, DONE))


def test_words_of_the_house_are_known_before_the_first_lesson() -> None:
    """The first two cases cannot know what their words mean; the lesson says all the same that they do."""
    words = (("amber", "Proposal"), ("teal", "Negotiation"))
    shown = [_mark(deal, *words[place % 2]) for place, deal in enumerate(DEALS[:6])]
    memory, coverage = _compiled(*shown)
    (playbook,) = _workflows(memory, "mark 1")
    (known,) = (item for item in _slot(playbook, "stage").hypotheses if item.source == Lex("stage"))
    assert (known.hits, known.silent, known.first) == (6, 0, 0)
    assert coverage["mark"] == Coverage(6, 6, 1)


def test_coverage_is_sorted_by_kind() -> None:
    """Whatever the order of the demonstrations; every kind has its own cases, also where programs are alike."""
    shown = [_raise(deal, 3100, kind=kind) for kind in ("two", "one", "three") for deal in DEALS[: len(kind)]]
    shown = [*shown[::2], *shown[1::2]]
    memory, coverage = _compiled(*shown)
    assert list(coverage) == ["one", "three", "two"]
    assert [each.cases for each in coverage.values()] == [each.explained for each in coverage.values()] == [3, 5, 3]
    workflows = [playbook for playbook in memory.playbooks if playbook.kind is PlaybookKind.WORKFLOW]
    assert sum(each.programs for each in coverage.values()) == len(workflows) == 3
    assert _compiled()[1] == {}


def test_no_more_is_kept_than_was_asked_for() -> None:
    """Of messages and of marks; the program still rests on every case."""
    memory = Memory()
    shown = [
        _shown("notes", _note(deal, "Hi.", message=f"{word} a note on {{deal}}."))
        for deal, word in zip(DEALS, ("Leave", "Put", "Write", "Make", "Add", "Drop", "File", "Store"), strict=True)
    ]
    Compiler(memory, TOOL_SPECS, CompilerThresholds(most_prototypes=3, most_cases=2)).compile(shown)
    (playbook,) = _workflows(memory, "notes 1")
    assert (len(playbook.cue.prototypes), len(playbook.evidence.cases)) == (3, 2)
    assert _slot(playbook, "entity_id").cases == 8
    assert _slot(playbook, "entity_id").hypotheses[0].hits == 8


def test_a_frozen_memory_is_not_compiled_into() -> None:
    memory = Memory(frozen=True)
    before = memory.content_hash()
    with pytest.raises(FrozenMemoryError):
        _compiled(_raise(DEALS[0], 3100), memory=memory)
    assert memory.content_hash() == before
    assert memory.playbooks == ()


def test_equal_demonstrations_give_equal_memories() -> None:
    """Also after another company was compiled into the same memory, whose lessons stay as they are."""
    shown = [_raise(deal, 3100 + 170 * place) for place, deal in enumerate(DEALS[:4])]
    one, other = (_compiled(*shown)[0] for _ in range(2))
    assert one.content_hash() == other.content_hash()
    _compiled(_shown("amount", *shown[0].turns, tenant="u"), memory=other)
    assert one.content_hash() != other.content_hash()
    assert [playbook for playbook in other.playbooks if playbook.tenant == "t"] == list(one.playbooks)


def test_what_is_compiled_names_no_record() -> None:
    """No name, id or amount of a deal or quote is in the memory: not of divided cases, and not of a single one."""
    shown = [
        _cancel(deal, ("dearer", "cheaper")[place % 2], (2111 + place, 5433 + place), (5433, 2111)[place % 2] + place)
        for place, deal in enumerate(DEALS)
    ]
    shown += [_raise(deal, 3127 + 170 * place) for place, deal in enumerate(DEALS)]
    shown.append(_raise("Pearl Revamp", 4019, 7129, kind="once"))
    memory, _ = _compiled(*shown)
    rows = [
        row
        for case in shown
        for turn in case.turns
        for step in turn.steps
        for row in (*_rows(step), step.call.arguments)
    ]
    literals = [value for row in rows for value in row.values() if isinstance(value, (str, int)) and value != "Draft"]
    assert len(set(literals)) > 50
    assert find_literals(memory.snapshot(), literals) == ()
    assert unsealed(memory.snapshot()) == 0


def _rows(step: Step) -> Sequence[Mapping[str, object]]:
    rows = (step.result.data or {}).get("results")
    return rows if isinstance(rows, list) else []


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A small company."""
    return generate_corpus(3, stream=60, dev=5, test_same=10, size=400, profile="balanced")


@pytest.fixture(scope="module")
def shown(corpus: Corpus) -> list[Demonstration]:
    """Every case of its stream, solved; the kind is the family."""
    exam = CorpusExam(corpus)
    return [
        Demonstration(
            case.family,
            exam.sit(DoNothing(), case).run.first_observation,
            tuple(exam.demonstrator(case).demonstrate()),
        )
        for case in exam.cases(Split.STREAM)
    ]


@pytest.fixture(scope="module")
def compiled(shown: list[Demonstration]) -> tuple[Memory, Mapping[str, Coverage]]:
    """The memory that they are compiled into, frozen."""
    memory, coverage = _compiled(*shown)
    memory.freeze()
    return memory, coverage


def _solved(exam: CorpusExam, memory: Memory) -> int:
    agent = Clerk(memory)
    return sum(exam.sit(agent, case).verdict.score == 1 for case in exam.cases(Split.STREAM))


def test_a_compiled_memory_solves_what_it_was_compiled_from(
    corpus: Corpus, compiled: tuple[Memory, Mapping[str, Coverage]]
) -> None:
    """Far more of the very same cases than plain office English does."""
    exam = CorpusExam(corpus)
    memory, _ = compiled
    before = memory.content_hash()
    empty, full = _solved(exam, Memory(frozen=True)), _solved(exam, memory)
    assert empty <= 12
    assert full >= 36
    assert memory.content_hash() == before


def test_coverage_adds_up(shown: list[Demonstration], compiled: tuple[Memory, Mapping[str, Coverage]]) -> None:
    """Every case is counted once, with its kind; every workflow of the memory is one of the programs."""
    memory, coverage = compiled
    kinds = sorted(case.situation for case in shown)
    assert list(coverage) == list(dict.fromkeys(kinds))
    assert {kind: each.cases for kind, each in coverage.items()} == {kind: kinds.count(kind) for kind in kinds}
    assert all(each.explained <= each.cases and each.programs > 0 for each in coverage.values())
    workflows = [playbook for playbook in memory.playbooks if playbook.kind is PlaybookKind.WORKFLOW]
    assert sum(each.programs for each in coverage.values()) == len(workflows)
    assert memory.episodes == len(shown) == 60


def test_the_same_corpus_gives_the_same_memory(
    shown: list[Demonstration], compiled: tuple[Memory, Mapping[str, Coverage]]
) -> None:
    memory, coverage = compiled
    again = _compiled(*shown)
    assert again[0].content_hash() == memory.content_hash()
    assert again[1] == coverage


def test_a_compiled_memory_names_no_record_of_the_company(
    corpus: Corpus, compiled: tuple[Memory, Mapping[str, Coverage]]
) -> None:
    """No client, deal or whole name of a contact, no address, no number to call, no id."""
    told = ("name", "email", "phone", "client_id", "contact_id", "opportunity_id")
    kinds = (Entity.CLIENT, Entity.CONTACT, Entity.OPPORTUNITY)
    rows = [row for kind in kinds for row in corpus.company.base.rows(kind)]
    literals = [str(row[name]) for row in rows for name in told if row.get(name)]
    literals += [f"{row['first_name']} {row['last_name']}" for row in corpus.company.base.rows(Entity.CONTACT)]
    assert len(literals) > 400
    snapshot = compiled[0].snapshot()
    assert find_literals(snapshot, literals) == ()
    assert unsealed(snapshot) == 0
