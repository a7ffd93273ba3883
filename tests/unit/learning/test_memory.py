"""The memory: look-up, freezing, snapshots, controls, privacy, rendered texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from atlas.core.canonical import canonical_json
from atlas.core.errors import FrozenMemoryError, InputFileError, UnknownNameError
from atlas.crm.records import ErrorCode, Outcome, ReasonCode
from atlas.learning.associations import Associations, AssociationThresholds, KnownWords
from atlas.learning.binding import UNBOUND
from atlas.learning.controls import rebind_tenant, shuffle_programs
from atlas.learning.language import (
    Adjusted,
    Arg,
    ClockDate,
    Cond,
    Const,
    Derived,
    Entity,
    Every,
    Guarded,
    Hole,
    Lex,
    Phrase,
    Pick,
    Prev,
    Ref,
    Shape,
    Source,
    Span,
    SpanType,
    Staff,
    Template,
    Where,
    Wrapped,
)
from atlas.learning.memory import Memory, MemorySnapshot, signature_of, tenants_of
from atlas.learning.perception import perceive
from atlas.learning.playbooks import Cue, Evidence, Lifecycle, Playbook, PlaybookKind, found_playbook
from atlas.learning.privacy import find_literals, size_bytes, unsealed
from atlas.learning.programs import (
    Comparison,
    Follow,
    Guard,
    Habit,
    Hypothesis,
    LeaveToDefault,
    Program,
    Repair,
    ReplyPlan,
    Slot,
    StepPlan,
    Workflow,
)
from atlas.learning.recall import RecallThresholds, recall
from atlas.learning.rendering import parse, render
from atlas.learning.sightings import PublicWords, digest, mark_case
from atlas.learning.similarity import CueIndex, SimilarityWeights
from atlas.settings.parsing import parse_record

ROWS = Where("find", 0, "results")
TODAY = date(2026, 3, 2)


def _slot(path: str, *sources: Source) -> Slot:
    return Slot(path, 2, tuple(Hypothesis(source, 2, 0) for source in sources))


EVERY_SOURCE: tuple[Source, ...] = (
    Span(SpanType.MONEY, 1, "to", back=1),
    Wrapped("from", ""),
    Entity(ROWS, "deal_id"),
    Ref(ROWS, "deal_id", Pick.MAX, "amount", live=True),
    Ref(ROWS, "deal_id", Pick.WHERE, "stage", value="Proposal"),
    Prev(Where("find", 1, "args", earlier=True), "name"),
    Every(ROWS, "name"),
    Derived(Prev(ROWS, "amount"), 90.0, 500),
    Adjusted(Prev(ROWS, "amount"), Span(SpanType.PERCENT), -1),
    ClockDate(30),
    ClockDate(1, base=Span(SpanType.DATE)),
    Lex("stage"),
    Cond(Arg("stage"), "stage>probability"),
    Staff("role"),
    Const(Guarded("aa", 5, known=True)),
    Phrase(Guarded("bb")),
    Template((Guarded("cc", "To ", known=True), Guarded("dd")), (Hole((Lex("stage"),), Shape.UPPER),)),
)
PROGRAMS: tuple[Program, ...] = (
    Workflow(
        (StepPlan("find", tuple(_slot(f"a{n}", source) for n, source in enumerate(EVERY_SOURCE))),),
        ReplyPlan(
            Outcome.REFUSED, ReasonCode.APPROVAL_REQUIRED, (_slot("amount", Prev(ROWS, "amount")),), None, ("stage",)
        ),
    ),
    LeaveToDefault(("find",)),
    Habit("change", "amount", 4, (_slot("valid_until", ClockDate(30)),)),
    Follow("change", "stage", StepPlan("add_note", (_slot("content", Lex("stage")),)), 5, 4),
    Repair("change", "company_rule", "probability", (_slot("probability", Const(Guarded("ee", 5, known=True))),)),
    Repair("change", "approval_required", "", (), ReplyPlan(Outcome.REFUSED, ReasonCode.APPROVAL_REQUIRED)),
)


def _playbook(program: Program, *words: str, tenant: str = "t1") -> Playbook:
    kind = PlaybookKind.WORKFLOW if isinstance(program, (Workflow, LeaveToDefault)) else PlaybookKind.RULE
    return found_playbook(tenant, kind, Cue((words,), words), program, Evidence())


def _memory() -> Memory:
    memory = Memory()
    for number, program in enumerate(PROGRAMS):
        memory.put(_playbook(program, f"word{number}", "quote"))
    words = memory.words_to_teach("t1")
    public = PublicWords([])
    for case in ("Mark Harbor as amber", "Now Cedar is amber", "Mark Delta as teal", "So Zenith is teal"):
        percept = perceive(case, TODAY)
        words.see_text(percept)
        value = public.guard("On Hold" if "amber" in case else "Ready")
        words.see_phrases("stage", percept, value, mark_case([case]), public)
    for number, name in enumerate(("one", "two")):
        words.see("table:stage>probability", public.guard("On Hold"), public.guard(40 + 0 * number), mark_case([name]))
    memory.count_episode()
    return memory


def test_snapshot_round_trip_is_byte_deterministic() -> None:
    """A memory written to JSON and read back is the same memory, with the same bytes and the same hash."""
    memory = _memory()
    text = canonical_json(memory.snapshot())
    again = Memory.restore(parse_record(MemorySnapshot, json.loads(text), "snapshot"))
    assert canonical_json(again.snapshot()) == text
    assert again.content_hash() == memory.content_hash()
    assert canonical_json(_memory().snapshot()) == text


def test_the_hash_follows_the_content() -> None:
    """Every kind of write changes the content hash."""
    memory = _memory()
    seen = {memory.content_hash()}
    memory.count_episode()
    seen.add(memory.content_hash())
    memory.put(_playbook(LeaveToDefault(), "other"))
    seen.add(memory.content_hash())
    memory.words_to_teach("t1").see_text(perceive("hello", TODAY))
    seen.add(memory.content_hash())
    assert len(seen) == 4


def _put_one(memory: Memory) -> object:
    return memory.put(_playbook(LeaveToDefault(), "x"))


def _teach_words(memory: Memory) -> object:
    return memory.words_to_teach("t1")


@pytest.mark.parametrize(
    "write",
    [_put_one, Memory.count_episode, _teach_words],
    ids=["put", "count", "words"],
)
def test_a_frozen_memory_only_reads(write: Callable[[Memory], object]) -> None:
    """Writing to a frozen memory raises; reading does not."""
    memory = Memory.restore(_memory().snapshot(), frozen=True)
    assert memory.frozen
    assert memory.alike("t1", ("quote",))
    with pytest.raises(FrozenMemoryError, match="frozen"):
        write(memory)


def test_freezing() -> None:
    """A memory can be frozen where it stands."""
    memory = _memory()
    memory.freeze()
    with pytest.raises(FrozenMemoryError):
        memory.count_episode()


def test_unknown_names_and_formats_are_said() -> None:
    """A wrong id and a snapshot of another version are named."""
    with pytest.raises(UnknownNameError, match="playbook"):
        _memory().get("pb-nothing")
    assert _memory().find("pb-nothing") is None
    with pytest.raises(InputFileError, match="format 99"):
        Memory.restore(replace(_memory().snapshot(), format=99))


def test_scope_comes_before_likeness() -> None:
    """Another company's lessons do not come to mind, however alike the message is."""
    memory = _memory()
    thresholds = RecallThresholds(least_similarity=0.1)
    tokens = ("quote", "word1")
    tools = {"find": 1.0}
    assert recall(memory, "t1", tokens, tools, thresholds)
    assert recall(memory, "t2", tokens, tools, thresholds) == ()


def test_recall_abstains() -> None:
    """Nothing alike, too little trust, or a missing tool: nothing comes to mind."""
    memory = Memory()
    playbook = _playbook(Workflow((StepPlan("find", ()),), ReplyPlan(Outcome.DONE)), "quote", "deal")
    memory.put(playbook)
    thresholds = RecallThresholds(least_similarity=0.3)
    assert recall(memory, "t1", ("quote", "deal"), {"find": 1.0}, thresholds)[0].playbook == playbook
    assert recall(memory, "t1", ("weather",), {"find": 1.0}, thresholds) == ()
    assert recall(memory, "t1", ("quote", "deal"), {"other": 1.0}, thresholds) == ()
    memory.put(replace(playbook, evidence=Evidence(followed_bad=9)))
    assert recall(memory, "t1", ("quote", "deal"), {"find": 1.0}, thresholds) == ()
    memory.put(replace(playbook, state=Lifecycle.SUSPENDED))
    assert memory.alike("t1", ("quote", "deal")) == []
    assert memory.similarity(memory.get(playbook.id), ("quote",)) == 0


def test_the_fit_of_the_main_tool_counts() -> None:
    """Of two equally alike playbooks, the one whose tool fits the message better comes first."""
    memory = Memory()
    for tool in ("create_quote", "create_note"):
        memory.put(_playbook(Workflow((StepPlan(tool, ()),), ReplyPlan(Outcome.DONE)), tool, "deal"))
    found = recall(
        memory, "t1", ("deal",), {"create_quote": 0.2, "create_note": 1.0}, RecallThresholds(least_similarity=0.1)
    )
    program = found[0].playbook.program
    assert isinstance(program, Workflow)
    assert program.steps[0].tool == "create_note"


def test_rules_are_found_by_what_they_are_about() -> None:
    """Habits and follow-ups by tool, repairs by error."""
    memory = _memory()
    assert len(memory.rules("t1", "habit", "change")) == 1
    assert len(memory.rules("t1", "follow", "change")) == 1
    assert len(memory.rules("t1", "repair", "change/company_rule/probability")) == 1
    assert memory.rules("t1", "repair", f"change/{ErrorCode.NOT_FOUND}/") == ()
    assert tenants_of(memory.playbooks) == ("t1",)


def test_a_workflow_is_found_by_its_signature() -> None:
    """The signature leaves values out; suspended workflows can still be found to be revived."""
    memory = _memory()
    program = PROGRAMS[0]
    assert isinstance(program, Workflow)
    (found,) = memory.with_signature("t1", signature_of(program))
    memory.put(replace(found, state=Lifecycle.SUSPENDED))
    assert len(memory.with_signature("t1", signature_of(program))) == 1


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.kind)
def test_rendered_text_holds_the_program(program: Program) -> None:
    """Parsing the rendered text gives the program back."""
    playbook = replace(
        _playbook(program, "quote"), cue=Cue((("quote",),), ("quote",), (Guard("x", Comparison.BELOW, 5),), "a/b/c")
    )
    text = render(playbook)
    assert parse(text) == program
    assert "x < 5" in text


def test_readable_words_and_tables() -> None:
    """What the house says is listed as lessons that can be rendered."""
    texts = [render(lesson) for lesson in _memory().lessons()]
    assert any("'amber' means stage = On Hold" in text for text in texts)
    assert any("On Hold goes with 40" in text for text in texts)


@pytest.mark.parametrize("text", ["no program", "x\nprogram: {", 'x\nprogram: {"kind": "evil"}'])
def test_malformed_texts_are_refused(text: str) -> None:
    """A text without a program of the closed language is an error, not a lesson."""
    with pytest.raises(InputFileError):
        parse(text)


def test_shuffling_moves_every_program() -> None:
    """No cue keeps its program, no word its meaning; nothing else changes."""
    memory = _memory()
    memory.put(_playbook(LeaveToDefault(("b",)), "z"))
    snapshot = memory.snapshot()
    shuffled = shuffle_programs(snapshot, 3)
    workflows = [
        (one, other)
        for one, other in zip(snapshot.playbooks, shuffled.playbooks, strict=True)
        if one.kind is PlaybookKind.WORKFLOW
    ]
    assert len(workflows) == 3
    assert all(one.program != other.program and one.cue == other.cue for one, other in workflows)
    assert shuffle_programs(snapshot, 3) == shuffled
    words = Memory.restore(shuffled).words("t1")
    assert words.meaning("stage", perceive("It is amber", TODAY)) == "Ready"


def test_rebinding_forces_scope() -> None:
    """Another company's lessons answer as if they were ours."""
    memory = Memory.restore(rebind_tenant(_memory().snapshot(), "t2"))
    assert memory.alike("t2", ("quote",))
    assert memory.alike("t1", ("quote",)) == []
    assert memory.words("t2").meaning("stage", perceive("It is amber", TODAY)) == "On Hold"


def test_words_need_two_cases() -> None:
    """A word seen once means nothing yet, and its text is not kept."""
    words = Associations(AssociationThresholds())
    public = PublicWords([])
    for text in ("Mark it amber", "Mark it teal"):
        value = public.guard("A" if "amber" in text else "B")
        words.see_phrases("stage", perceive(text, TODAY), value, mark_case([text]), public)
    assert words.meaning("stage", perceive("so amber", TODAY)) is UNBOUND
    assert all(row.key.value != "amber" for row in words.rows())
    known = KnownWords(words, {"stage": ("A", "B")})
    assert known.meaning("stage", perceive("make it B", TODAY)) == "B"


def test_common_words_mean_nothing() -> None:
    """A word that goes with several values stands for none of them."""
    assert _memory().words("t1").meaning("stage", perceive("Mark it", TODAY)) is UNBOUND


def test_tables_and_decay() -> None:
    """A table answers for a key that two cases showed; contradicted, it answers no longer."""
    words = _memory().words_to_teach("t1")
    public = PublicWords([])
    assert words.companion("stage>probability", "On Hold") == 40
    assert words.companion("stage>probability", "Ready") is UNBOUND
    words.decay("table:stage>probability", "On Hold")
    words.see("table:stage>probability", public.guard("On Hold"), public.guard(50), mark_case(["c"]))
    assert words.companion("stage>probability", "On Hold") is UNBOUND


def test_no_literal_is_found_where_none_is() -> None:
    """The privacy check finds a literal that was smuggled in, and none otherwise."""
    snapshot = _memory().snapshot()
    literals: list[str | int | float] = ["Harbor Crane", "jo@acme.example", 12500, "a1b2", "Jo"]
    assert find_literals(snapshot, literals) == ()
    assert unsealed(snapshot) == 0
    leak = Habit("change", "amount", 1, (_slot("note", Phrase(Guarded("x", "for Harbor Crane at 12500", known=True))),))
    leaky = replace(snapshot, playbooks=(*snapshot.playbooks, _playbook(leak, "x")))
    assert find_literals(leaky, literals) == ("Harbor Crane", "12500")
    open_value = Habit("change", "amount", 1, (_slot("note", Const(Guarded("x", 77777))),))
    assert unsealed(replace(snapshot, playbooks=(_playbook(open_value, "x"),))) == 1
    assert find_literals(replace(snapshot, playbooks=(_playbook(open_value, "x"),)), [77777]) == ("77777",)
    assert size_bytes(snapshot) == len(canonical_json(snapshot).encode())


def test_digests_do_not_depend_on_the_kind_of_number() -> None:
    """5 and 5.0 are one value."""
    assert digest(5) == digest(5.0) != digest("5")


def test_dense_part_is_mixed_in() -> None:
    """With an embedder, cues without a common word but with like vectors are still only found by a shared word."""

    class _Flat:
        def embed(self, tokens: tuple[str, ...]) -> tuple[float, ...]:
            return (1.0, 0.0) if "deal" in tokens else (0.0, 1.0)

    plain, dense = (CueIndex(SimilarityWeights(), embedder) for embedder in (None, _Flat()))
    for index in (plain, dense):
        index.put("a", (("deal", "quote"),))
        index.put("b", (("quote", "sun"),))
    assert dense.similarity("a", ("deal", "quote")) > plain.similarity("a", ("deal",))
    assert [name for name, _ in dense.rank(("deal", "quote"))] == ["a", "b"]
    plain.put("a", ())
    assert plain.rank(("deal",)) == []
