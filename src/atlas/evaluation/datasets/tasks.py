"""Task files: one line per conversation to be worked through, from a public file or from a generated corpus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from atlas.core.canonical import content_hash
from atlas.core.errors import MisuseError
from atlas.core.records import JsonObject, as_json, record
from atlas.core.rng import derive_rng
from atlas.evaluation.datasets.records import AgentConfig, TaskPayload
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.importers.clbench import Conversation, to_json
from atlas.scenarios.records import Scenario
from atlas.verify.goals import Split

_RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
_SUFFIX_BITS = 32


@record
class TaskBatch:
    """What all tasks of a file share; see :class:`TaskPayload`."""

    run_id: str
    dataset_revision: str
    dataset_hash: str
    backend: str = "memory"
    use_llm_judge: bool = False
    agent_config: AgentConfig | None = None


def make_run_id(now: datetime, seed: int, *labels: str) -> str:
    """Return ``YYYYmmddTHHMMSS-8hex``: the time, and a suffix drawn from ``seed`` and ``labels``.

    Example:
        >>> from datetime import UTC
        >>> make_run_id(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), 7)[:16]
        '20260302T093000-'
    """
    suffix = derive_rng(seed, "run", now.isoformat(), *labels).getrandbits(_SUFFIX_BITS)
    return f"{now.strftime('%Y%m%dT%H%M%S')}-{suffix:08x}"


def checked_run_id(text: str) -> str:
    """Return ``text`` where it is the id of a run.

    Raises:
        MisuseError: it is none.
    """
    if _RUN_ID.fullmatch(text):
        return text
    raise MisuseError(f"{text!r} is no id of a run; write it as YYYYmmddTHHMMSS-8hex, such as 20260302T093000-0a1b2c3d")


def tasks_of_conversations(conversations: Iterable[Conversation], batch: TaskBatch) -> Iterator[TaskPayload]:
    """Yield a task per conversation of a public file, which the task holds as it is."""
    for conversation in conversations:
        yield task_of(conversation.conversation_id, to_json(conversation), batch)


def tasks_of_corpus(
    corpus: Corpus, split: Split, batch: TaskBatch, *, most: int | None = None
) -> Iterator[TaskPayload]:
    """Yield a task per case of a split; never a goal or a solution.

    A case is told in the words of the public format (id, category, complexity, messages), with the scenario and the
    recipe of the corpus beside it, from which the world is opened.
    """
    recipe = as_json(corpus.recipe)
    for scenario in corpus.split(split)[:most]:
        yield task_of(scenario.scenario_id, _conversation_of(scenario, recipe), batch)


def batch_of_corpus(corpus: Corpus, run_id: str, revision: str, *, backend: str, use_llm_judge: bool) -> TaskBatch:
    """Return what all tasks of a corpus share; the content hash is that of cases and company, goals included."""
    return TaskBatch(run_id, revision, corpus.content_hash, backend, use_llm_judge)


def task_of(conversation_id: str, conversation: JsonObject, batch: TaskBatch) -> TaskPayload:
    """Return the task of one conversation."""
    return TaskPayload(
        task_id=f"{conversation_id}::{batch.run_id}",
        run_id=batch.run_id,
        conversation=conversation,
        dataset_revision=batch.dataset_revision,
        dataset_hash=batch.dataset_hash,
        backend=batch.backend,
        use_llm_judge=batch.use_llm_judge,
        agent_config=batch.agent_config,
    )


def tenant_of(dataset_hash: str) -> str:
    """Return the opaque id under which agents meet the conversations of a file.

    Example:
        >>> tenant_of("ab") == tenant_of("ab") != tenant_of("cd")
        True
    """
    return f"tn-{content_hash(['conversations', dataset_hash])[:16]}"


def _conversation_of(scenario: Scenario, recipe: object) -> JsonObject:
    return {
        "conversation_id": scenario.scenario_id,
        "workflow_category": scenario.family,
        "complexity_level": scenario.difficulty,
        "contains_failure": scenario.category == "failure",
        "turns": [
            {"turn_id": number, "user_utterance": text}
            for number, text in enumerate(scenario.customer_script.turns, start=1)
        ],
        "scenario": as_json(scenario),
        "recipe": recipe,
    }
