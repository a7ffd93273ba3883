"""The report on a whole file."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.core.canonical import canonical_json
from atlas.core.errors import MisuseError
from atlas.crm.records import Entity
from atlas.crm.sessions import MemorySessions
from atlas.crm.tools.registry import TOOLS
from atlas.evaluation.datasets.defects import DefectKind
from atlas.evaluation.datasets.outcomes import Reason
from atlas.evaluation.datasets.replay_report import (
    ReplayOptions,
    ReplayReport,
    choose_conversations,
    day_of,
    replay_dataset,
)
from atlas.scenarios.importers.clbench import Dataset, parse_dataset
from conversation_files import DEAL, available_files, conversation, made_up, spelled, turn

FILES = available_files()
MAPPED = {"document_url": "file_url"}
# conversations, calls, executed, as written, failed as expected, unknown argument, unresolved, unfilled, defects
FIGURES = {
    ("made up", False): (7, 17, 13, 1, 1, 1, 1, 1, 0),
    ("made up", True): (7, 17, 14, 1, 1, 0, 1, 1, 0),
    ("public", False): (100, 371, 365, 6, 0, 6, 0, 0, 0),
    ("public", True): (100, 371, 371, 6, 0, 0, 0, 0, 0),
}


def _dataset(name: str = "made up") -> Dataset:
    return parse_dataset(FILES[name], f"{name}.jsonl")


def _replay(dataset: Dataset, **options: object) -> ReplayReport:
    return replay_dataset(dataset, MemorySessions(), ReplayOptions(**options))  # pyright: ignore[reportArgumentType] - keywords of the record


@pytest.mark.parametrize("mapped", [False, True], ids=["as it is", "mapped"])
@pytest.mark.parametrize("name", FILES)
def test_every_call_executes_or_is_listed(name: str, *, mapped: bool) -> None:
    """The classes add up to the calls, and nothing is our defect."""
    report = _replay(_dataset(name), renames=MAPPED if mapped else {})
    counts = report.counts
    found = (
        *(counts.conversations, counts.calls, counts.executed, sum(counts.executed_as_written.values())),
        *(counts.failed_as_expected, *counts.listed.values(), counts.defects),
    )
    assert found == FIGURES[name, mapped]
    sorted_out = counts.executed + counts.failed_as_expected + counts.other_error_text + counts.defects
    assert counts.calls == sorted_out + sum(counts.listed.values())
    assert [call.reason for call in report.listed].count(Reason.UNKNOWN_ARGUMENT) == found[5]
    assert report.flawless
    assert report.unused_renames == ()


def test_a_report_is_the_same_bytes_every_time() -> None:
    """On any run; another company, day or sample is another report."""
    dataset = _dataset()
    assert canonical_json(_replay(dataset)) == canonical_json(_replay(dataset))
    assert _replay(dataset).states_hash != _replay(dataset, sample=3, seed=1).states_hash
    assert _replay(dataset, today=date(2024, 1, 1)).options.today == date(2024, 1, 1)


def test_a_map_that_is_never_used_is_told() -> None:
    """By the name in the data."""
    assert _replay(_dataset(), renames={**MAPPED, "colour": "stage"}).unused_renames == ("colour",)


def test_our_defects_are_told_call_by_call() -> None:
    """And a final state that does not hold is one."""
    wrong = conversation(
        "wrong",
        [turn(1, "Fax", "send_fax"), turn(2, "Show", "view_opportunity_details", {"opportunity_id": DEAL})],
        final_expected_state={"Opportunity": {DEAL: {"stage": "Closed-Won"}}},
    )
    report = _replay(parse_dataset(spelled([wrong]), "x"))
    assert not report.flawless
    assert [(call.conversation_id, call.turn, call.tool) for call in report.defects] == [("wrong", 1, "send_fax")]
    assert (report.counts.defects, report.counts.final_checks_failed) == (1, 1)


def test_an_expected_failure_with_another_text_is_no_defect() -> None:
    """It has a list of its own."""
    item = conversation(
        "x", [turn(1, "Go", "cancel_quote", {"quote_id": "q"}, expect_success=False, expected_error_substring="teapot")]
    )
    report = _replay(parse_dataset(spelled([item]), "x"))
    assert report.flawless
    assert [call.message.startswith("expected 'teapot' in: ") for call in report.other_error_text] == [True]


def test_a_sample_is_drawn_by_its_seed_and_keeps_the_order() -> None:
    """Equal seeds draw equally; more than there are means all."""
    dataset = _dataset()
    names = [each.conversation_id for each in dataset.conversations]
    drawn = [each.conversation_id for each in choose_conversations(dataset, sample=3, seed=5)]
    assert drawn == [each.conversation_id for each in choose_conversations(dataset, sample=3, seed=5)]
    assert len(drawn) == 3
    assert drawn == sorted(drawn, key=names.index)
    samples = [choose_conversations(dataset, sample=3, seed=seed) for seed in range(8)]
    assert any(sample != samples[0] for sample in samples)
    assert choose_conversations(dataset, sample=99, seed=5) == dataset.conversations
    with pytest.raises(MisuseError, match="a sample of 0 conversations"):
        choose_conversations(dataset, sample=0, seed=5)


def test_the_day_is_the_datas_own() -> None:
    """That of the whole file, also for a sample; without one, the day of the public sample."""
    told = conversation("x", [turn(1, "Hi", "client_search", told="created_at=2025-03-01T00:00:00Z")])
    dated = parse_dataset(spelled([*made_up(), told]), "x")
    assert _replay(dated, sample=1).options.today == date(2025, 3, 1)
    assert day_of(_dataset()) == date(2025, 11, 12)


def test_what_the_seeds_lose_is_told() -> None:
    """With conversation, record, field and value."""
    problems = {(each.row_id, each.field): each.value for each in _replay(_dataset()).seed_problems}
    assert problems == {
        ("deal-7", "client_id"): "gone",
        ("deal-7", "amount"): "a lot",
        ("q-1", "amount"): 10.005,
        ("q-1", "colour"): "red",
        ("q-1", "version"): 2,
        (None, None): "an object",
    }


def test_faults_of_the_data_are_told_beside() -> None:
    """They change nothing about the calls."""
    defects = _replay(_dataset()).data_defects
    assert set(defects) == set(DefectKind)
    assert defects[DefectKind.PLACEHOLDER_IN_ARGUMENTS].count == 2
    assert defects[DefectKind.PLACEHOLDER_IN_ARGUMENTS].places[0].where == "expected_args.criteria.name"


def test_a_watcher_is_told_of_every_conversation() -> None:
    """In order, with the total."""
    seen: list[tuple[int, int]] = []
    replay_dataset(_dataset(), MemorySessions(), ReplayOptions(), watch=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 7) for number in range(1, 8)]


TEXTS = st.sampled_from(
    [
        "{{turn_1.client_id}}",
        "{{turn_2.results.0.name}}",
        "{{turn_9.x}}",
        "{stage}",
        "{{who}}",
        DEAL,
        "Proposal",
        "",
        "\0",
    ]
) | st.text(max_size=8)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["criteria", "updates", "name", "client_id", "opportunity_id", "amount", "status", "limit"])
CALLS = st.tuples(
    st.sampled_from([*TOOLS, "send_fax", "respond", ""]) | st.none(),
    st.dictionaries(NAMES | TEXTS, ANY, max_size=5),
    st.booleans(),
)


@settings(max_examples=150)
@given(calls=st.lists(CALLS, min_size=1, max_size=6), final=st.dictionaries(st.sampled_from([*Entity, "X"]), ANY))
def test_an_unseen_file_is_replayed_whatever_it_holds(
    calls: list[tuple[str | None, dict[str, object], bool]], final: dict[str, object]
) -> None:
    """Every call has exactly one outcome, nothing raises, and the report has a JSON form that repeats."""
    turns = [
        turn(number, "Go", tool, arguments, expect_success=succeeds)
        for number, (tool, arguments, succeeds) in enumerate(calls, start=1)
    ]
    dataset = parse_dataset(spelled([conversation("x", turns, final_expected_state=final)]), "x")
    report = _replay(dataset)
    counts = report.counts
    assert counts.calls == sum(tool is not None for tool, _, _ in calls)
    told = (counts.executed, counts.failed_as_expected, counts.other_error_text, counts.defects)
    assert counts.calls == sum(told) + sum(counts.listed.values())
    assert canonical_json(_replay(dataset)) == canonical_json(report)
