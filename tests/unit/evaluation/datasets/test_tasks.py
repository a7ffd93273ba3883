"""Task files."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from atlas.core.canonical import canonical_json
from atlas.core.errors import MisuseError
from atlas.evaluation.datasets.records import TaskPayload
from atlas.evaluation.datasets.tasks import (
    TaskBatch,
    batch_of_corpus,
    checked_run_id,
    make_run_id,
    tasks_of_conversations,
    tasks_of_corpus,
    tenant_of,
)
from atlas.scenarios.corpus import generate_corpus
from atlas.scenarios.importers.clbench import parse_dataset
from atlas.settings.parsing import parse_json, parse_record
from atlas.verify.goals import Split
from conversation_files import made_up, spelled

NOW = datetime(2026, 3, 2, 9, 30, 5, tzinfo=UTC)


def test_a_run_id_is_the_time_and_a_suffix() -> None:
    """The suffix is drawn from the seed and the time."""
    made = make_run_id(NOW, 7)
    assert made.startswith("20260302T093005-")
    assert checked_run_id(made) == made
    others = {make_run_id(NOW, 8), make_run_id(NOW, 7, "dataset"), make_run_id(NOW.replace(second=6), 7)}
    assert made == make_run_id(NOW, 7)
    assert len(others | {made}) == 4


@pytest.mark.parametrize("text", ["", "today", "20260302T093005", "20260302T093005-XYZ", "20260302T093005-0a1b2c3d4e"])
def test_another_text_is_no_run_id(text: str) -> None:
    """It is refused with an example."""
    with pytest.raises(MisuseError, match="YYYYmmddTHHMMSS-8hex"):
        checked_run_id(text)


def test_a_public_conversation_is_in_its_task_as_it_is() -> None:
    """With the id of the run, the revision and the hash; read back it is the same."""
    dataset = parse_dataset(spelled(made_up()), "x")
    batch = TaskBatch("20260302T093005-0a1b2c3d", "a revision", dataset.content_hash, "postgres", use_llm_judge=True)
    tasks = list(tasks_of_conversations(dataset.conversations, batch))
    assert [task.conversation for task in tasks] == made_up()
    first = json.loads(canonical_json(tasks[0]))
    assert first["task_id"] == "search then change::20260302T093005-0a1b2c3d"
    assert (first["backend"], first["use_llm_judge"], first["dataset_revision"]) == ("postgres", True, "a revision")
    assert parse_record(TaskPayload, parse_json(canonical_json(tasks[0]), "x"), "x") == tasks[0]


def test_a_case_of_ours_is_told_without_its_goal() -> None:
    """Its messages, its scenario and the recipe of its corpus; nothing that only the vault knows."""
    corpus = generate_corpus(3, stream=4, dev=1, test_same=1)
    batch = batch_of_corpus(corpus, "20260302T093005-0a1b2c3d", "here", backend="memory", use_llm_judge=False)
    tasks = list(tasks_of_corpus(corpus, Split.STREAM, batch))
    assert len(tasks) == 4
    assert len(list(tasks_of_corpus(corpus, Split.STREAM, batch, most=2))) == 2
    for task, scenario in zip(tasks, corpus.split(Split.STREAM), strict=True):
        told = json.loads(canonical_json(task))["conversation"]
        assert told["conversation_id"] == scenario.scenario_id
        assert [turn["user_utterance"] for turn in told["turns"]] == list(scenario.customer_script.turns)
        assert told["recipe"]["company_seed"] == 3
        assert set(told) == {
            *("conversation_id", "workflow_category", "complexity_level", "contains_failure"),
            *("turns", "scenario", "recipe"),
        }
        assert "goal" not in canonical_json(task)


def test_a_file_has_a_tenant_of_its_own() -> None:
    """Opaque, and the same whenever it is opened."""
    assert tenant_of("a") == tenant_of("a")
    assert tenant_of("a") != tenant_of("b")
    assert "a" * 64 not in tenant_of("a" * 64)
