"""Agents on a file of conversations: graded by rows, written down, resumable."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from atlas.core.canonical import canonical_json
from atlas.core.clock import FrozenClock
from atlas.core.errors import MisuseError, StorageError, UnknownNameError
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row, ToolCall
from atlas.crm.sessions import MemorySessions
from atlas.crm.store import Store
from atlas.episodes.protocols import Agent
from atlas.episodes.records import Action, Observation
from atlas.evaluation.datasets.agents import AgentOptions, build_agent
from atlas.evaluation.datasets.records import RunMetrics, SessionRecord
from atlas.evaluation.datasets.run import DatasetRun, RunConfig, run_dataset
from atlas.learning.memory import Memory
from atlas.scenarios.importers.clbench import Dataset, parse_dataset
from conversation_files import DEAL, QUOTES, Json, available_files, conversation, made_up, spelled, turn

FILES = available_files()
CLOCK = FrozenClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
CANCEL = turn(1, "Cancel the first quote", "cancel_quote", {"quote_id": QUOTES[0]})
LOOK = turn(2, "Show the deal", "view_opportunity_details", {"opportunity_id": DEAL})
DRAFT = {"opportunity_id": DEAL, "amount": 5, "status": "Draft"}


class Scripted:
    """Makes its calls turn by turn, all of a turn at once, then ends the turn."""

    def __init__(self, *turns: tuple[ToolCall, ...]) -> None:
        self._turns = turns

    def act(self, observation: Observation) -> Action:
        place = len(observation.turns) - 1
        planned = self._turns[place] if place < len(self._turns) else ()
        return Action(text="Done.") if observation.turns[place].steps or not planned else Action(calls=planned)


class Restless:
    """Never ends a turn."""

    def act(self, observation: Observation) -> Action:
        del observation
        return Action(calls=(ToolCall("quote_search", {}),))


class Watcher:
    """Remembers what it was told; stops the run after some sessions where that is asked for."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.total = 0
        self.kept = 0
        self.finished: list[str] = []
        self._stop_after = stop_after

    def started(self, total: int, kept: Sequence[SessionRecord]) -> None:
        self.total, self.kept = total, len(kept)

    def session_finished(self, session: SessionRecord) -> None:
        self.finished.append(session.conversation_id)
        if len(self.finished) == self._stop_after:
            raise KeyboardInterrupt


def _config(dataset: Dataset, agent: str = "golden", **changes: Any) -> RunConfig:  # noqa: ANN401 - fields of the record
    config = RunConfig(
        run_id="20260302T090000-0a1b2c3d",
        dataset=dataset.name,
        dataset_revision="a revision",
        dataset_hash=dataset.content_hash,
        agent=agent,
        memory_hash=None,
        backend="memory",
        sample=None,
        seed=0,
        today=date(2025, 11, 12),
    )
    return dataclasses.replace(config, **changes)


def _run(
    dataset: Dataset,
    folder: Path,
    agent: str | Callable[[Any], Agent] = "golden",
    **options: Any,  # noqa: ANN401 - keywords of run_dataset
) -> tuple[RunMetrics, tuple[SessionRecord, ...]]:
    changes = options.pop("changes", {})
    config = _config(dataset, agent if isinstance(agent, str) else "scripted", **changes)
    agent_for = build_agent(agent, AgentOptions(renames=config.renames)) if isinstance(agent, str) else agent
    run = DatasetRun(folder)
    sessions = options.pop("sessions", MemorySessions())
    metrics = run_dataset(config, dataset, run, sessions=sessions, agent_for=agent_for, clock=CLOCK, **options)
    return metrics, run.load_sessions()


def _dataset(*items: Json) -> Dataset:
    return parse_dataset(spelled(items), "file.jsonl")


def _graded(tmp_path: Path, item: Json, *turns: tuple[ToolCall, ...]) -> SessionRecord:
    _, (session,) = _run(_dataset(item), tmp_path / "run", lambda _: Scripted(*turns))
    return session


@pytest.mark.parametrize("name", FILES)
def test_the_golden_agent_never_fails(name: str, tmp_path: Path) -> None:
    """Every conversation that can be graded is a success, in every turn; its answers tell every detail."""
    metrics, sessions = _run(
        parse_dataset(FILES[name], name), tmp_path, changes={"renames": {"document_url": "file_url"}}
    )
    assert metrics.success.n > 0
    assert metrics.success.succeeded == metrics.success.n
    assert metrics.totals.turns_executed == metrics.totals.turns
    assert metrics.answers.mean_share in (1.0, None)
    assert {each.atlas_metadata.session_reward.score for each in sessions} <= {1.0, None}


@pytest.mark.parametrize("name", FILES)
def test_doing_nothing_never_passes_where_something_has_to_change(name: str, tmp_path: Path) -> None:
    """What it gets for nothing is told apart."""
    metrics, _ = _run(parse_dataset(FILES[name], name), tmp_path, "do_nothing")
    assert metrics.success_changing.n > 0
    assert metrics.success_changing.succeeded == 0
    assert metrics.totals.tool_calls == metrics.totals.writes == 0


def test_the_student_works_with_an_empty_memory(tmp_path: Path) -> None:
    """Through every conversation, without writing to its memory."""
    metrics, sessions = _run(_dataset(*made_up()), tmp_path, "clerk")
    assert metrics.totals.conversations == len(sessions) == 7
    assert metrics.totals.tool_calls > 0


def test_rows_decide_not_calls(tmp_path: Path) -> None:
    """Another way to the same rows is right, with detours and failed calls on the way."""
    golden = turn(1, "Close it out", "modify_quote", {"quote_id": QUOTES[0], "status": "Sent", "amount": 5})
    calls = (
        ToolCall("quote_details", {"quote_id": QUOTES[0]}),
        ToolCall("modify_quote", {"quote_id": QUOTES[0], "status": "Nope"}),
        ToolCall("modify_quote", {"quote_id": QUOTES[0], "updates": {"amount": 7}}),
        ToolCall("modify_quote", {"quote_id": QUOTES[0], "status": "Sent"}),
        ToolCall("modify_quote", {"quote_id": QUOTES[0], "updates": {"amount": 5}}),
    )
    session = _graded(tmp_path, conversation("x", [golden]), calls)
    assert session.conversation_result.overall_success is True
    assert session.conversation_result.reward_signal == 1.0
    assert session.final_payload.turn_results[0].tool_calls[1].error_code == "invalid_enum"


@pytest.mark.parametrize(
    ("criteria", "canceled_in", "success", "failed_at"),
    [
        pytest.param("all_turns", 1, True, None, id="all turns: right in time"),
        pytest.param("all_turns", 2, False, 1, id="all turns: late"),
        pytest.param("final_state", 2, True, None, id="final state: late"),
        pytest.param("final_state", None, False, 2, id="final state: never"),
        pytest.param("both", 1, True, None, id="both: right in time"),
        pytest.param("both", 2, False, 1, id="both: late"),
    ],
)
def test_the_conversation_says_what_has_to_be_right(
    criteria: str, canceled_in: int | None, success: object, failed_at: int | None, tmp_path: Path
) -> None:
    """Every turn, the end, or both."""
    cancel = (ToolCall("cancel_quote", {"quote_id": QUOTES[0]}),)
    item = conversation("x", [CANCEL, LOOK], success_criteria=criteria)
    turns = [cancel if turn_number == canceled_in else () for turn_number in (1, 2)]
    result = _graded(tmp_path, item, *turns).conversation_result
    assert (result.overall_success, result.failed_at_turn) == (success, failed_at)
    assert [each.success for each in result.per_turn_results] == [canceled_in == 1, canceled_in is not None]


def test_the_final_state_that_the_data_tell_counts_too(tmp_path: Path) -> None:
    """References in it mean the agent's own results."""
    chain = made_up()[1]
    metrics, _ = _run(_dataset(chain), tmp_path / "golden")
    assert metrics.success.succeeded == 1
    metrics, (session,) = _run(_dataset(chain), tmp_path / "nothing", "do_nothing")
    assert session.conversation_result.metadata["final_state_ok"] is False
    assert metrics.success.succeeded == 0


def test_more_than_was_asked_for_is_wrong(tmp_path: Path) -> None:
    """It is named, and the reward is capped."""
    calls = (ToolCall("cancel_quote", {"quote_id": QUOTES[0]}), ToolCall("create_quote", DRAFT))
    session = _graded(tmp_path, conversation("x", [CANCEL]), calls)
    assert session.conversation_result.per_turn_results[0].wrong == ("collateral:Quote",)
    assert session.atlas_metadata.session_reward.score == 0.5
    assert "collateral:Quote" in session.atlas_metadata.session_reward.rationale


def test_where_the_golden_calls_cannot_be_made_nothing_is_said(tmp_path: Path) -> None:
    """None with its cause, never 0; the answers are still told apart."""
    bad = turn(1, "Attach it", "upload_document", {"entity_type": "Client", "document_url": "https://x.example/a"})
    metrics, (session,) = _run(_dataset(conversation("x", [bad])), tmp_path, "do_nothing")
    result = session.conversation_result
    assert (result.overall_success, result.reward_signal, result.failed_at_turn) == (None, None, None)
    assert session.final_payload.status == "unscored"
    assert session.atlas_metadata.session_reward.score is None
    assert metrics.unscored == {"the golden call of turn 1 cannot be made: unknown_argument": 1}
    assert (metrics.success.n, metrics.success.interval) == (0, None)
    assert (metrics.reward_summary.count, metrics.reward_summary.mean) == (0, None)


def test_an_agent_that_never_ends_a_turn_gets_no_further(tmp_path: Path) -> None:
    """Its budget ends the conversation; the turn it is in is graded as it is."""
    item = conversation("x", [LOOK | {"turn_id": 1}, CANCEL | {"turn_id": 2}])
    _, (session,) = _run(_dataset(item), tmp_path, lambda _: Restless())
    result = session.conversation_result
    assert (result.overall_success, result.turns_executed, result.failed_at_turn) == (False, 0, 2)
    assert result.metadata["episode_status"] == "budget_exhausted"
    assert len(session.final_payload.turn_results) == 1


def test_a_broken_backend_is_not_the_agents_fault(tmp_path: Path) -> None:
    """The conversation is left unscored with the cause, and the run goes on."""

    class Breaking(MemorySessions):
        """Gives every second session, which is the agent's, a store that breaks."""

        begun = 0

        def begin_session(self, base: FrozenBase, patch: Any = (), *, reset: bool = False) -> Store:  # noqa: ANN401 - as above
            self.begun += 1
            store = super().begin_session(base, patch, reset=reset)
            return cast("Store", BrokenStore(store)) if self.begun == 2 else store

    calls = (ToolCall("cancel_quote", {"quote_id": QUOTES[0]}),)
    items = [conversation("a", [CANCEL]), conversation("b", [CANCEL])]
    metrics, sessions = _run(_dataset(*items), tmp_path, lambda _: Scripted(calls), sessions=Breaking())
    assert [each.conversation_result.overall_success for each in sessions] == [None, True]
    assert metrics.unscored == {"the backend failed: the server is gone": 1}


class BrokenStore:
    """Finds rows until something is written; then the server is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the rest of the store
        return getattr(self._store, name)

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        del entity, row_id, row, cause
        raise StorageError("the server is gone")


def test_an_interrupted_run_is_resumed(tmp_path: Path) -> None:
    """Finished sessions are kept, the rest is run, and the figures are those of a run in one go."""
    dataset = _dataset(*made_up())
    whole, _ = _run(dataset, tmp_path / "whole", "clerk")
    stopped = Watcher(stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        _run(dataset, tmp_path / "parts", "clerk", watcher=stopped)
    with (tmp_path / "parts" / "sessions.jsonl").open("a") as file:
        file.write('{"conversation_id": "torn')
    rest = Watcher()
    resumed, _ = _run(dataset, tmp_path / "parts", "clerk", watcher=rest, resume=True)
    assert (rest.total, rest.kept, len(rest.finished)) == (7, 3, 4)
    assert not set(rest.finished) & set(stopped.finished)
    for name in ("sessions.jsonl", "metrics.json", "config.json"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert resumed == whole


def test_a_folder_is_not_taken_by_accident(tmp_path: Path) -> None:
    """Another run needs a word; another configuration cannot be resumed; other files are left alone."""
    dataset = _dataset(*made_up())
    _run(dataset, tmp_path / "run")
    with pytest.raises(MisuseError, match="continue it with --resume, or replace it with --force"):
        _run(dataset, tmp_path / "run")
    with pytest.raises(MisuseError, match="seed is 0, not 9"):
        _run(dataset, tmp_path / "run", changes={"seed": 9}, resume=True)
    _run(dataset, tmp_path / "run", changes={"seed": 9}, start_over=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(MisuseError, match="holds other files and no run"):
        _run(dataset, tmp_path / "mine", start_over=True)


def test_sessions_have_the_shape_that_tools_of_the_format_read(tmp_path: Path) -> None:
    """Every documented key is there; what has no value is null."""
    _run(_dataset(made_up()[0]), tmp_path)
    session = json.loads((tmp_path / "sessions.jsonl").read_text())
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert set(session) == {
        "conversation_id",
        "final_payload",
        "conversation_result",
        "task_payload",
        "atlas_metadata",
    }
    shapes = {
        "final_payload": "status conversation_id dataset_revision turn_results execution_mode",
        "conversation_result": "overall_success turns_executed failed_at_turn reward_signal per_turn_results metadata",
        "task_payload": "task_id run_id conversation dataset_revision dataset_hash backend use_llm_judge agent_config",
        "atlas_metadata": "session_reward token_usage execution_mode adaptive_summary learning_usage",
    }
    for part, keys in shapes.items():
        assert set(session[part]) == set(keys.split())
    assert set(session["atlas_metadata"]["session_reward"]) == {"score", "rationale", "judges"}
    assert set(session["atlas_metadata"]["session_reward"]["judges"][0]) == {
        *("identifier", "score", "rationale", "principles"),
        *("samples", "escalated", "escalation_reason"),
    }
    assert session["atlas_metadata"]["token_usage"]["total_tokens"] is None
    assert session["task_payload"]["task_id"] == "search then change::20260302T090000-0a1b2c3d"
    assert session["task_payload"]["conversation"] == made_up()[0]
    assert set(metrics["reward_summary"]) == {"count", "mean", "min", "max"}
    assert {"totals", "execution_modes", "token_usage", "dataset_revision", "run_id", "agent_config"} <= set(metrics)


def test_times_are_kept_apart_from_figures(tmp_path: Path) -> None:
    """Figures repeat byte for byte; how long it took stands in a file of its own."""

    class Ticking(FrozenClock):
        """A second passes whenever somebody looks."""

        def now(self) -> datetime:
            self.advance(timedelta(seconds=1))
            return super().now()

    dataset = _dataset(made_up()[0])
    run = DatasetRun(tmp_path)
    agent_for = build_agent("golden", AgentOptions())
    start = datetime(2026, 3, 2, tzinfo=UTC)
    run_dataset(_config(dataset), dataset, run, sessions=MemorySessions(), agent_for=agent_for, clock=Ticking(start))
    assert json.loads((tmp_path / "timings.json").read_text()) == {"sessions": 1, "wall_s": 1.0}
    assert "wall_s" not in run.metrics_path.read_text()


def test_agents_are_built_by_name() -> None:
    """An unknown one is refused with those that there are; a memory is for those that have one."""
    with pytest.raises(UnknownNameError, match="unknown agent 'clark'; did you mean 'clerk'"):
        build_agent("clark", AgentOptions())
    with pytest.raises(MisuseError, match="has no memory"):
        build_agent("golden", AgentOptions(memory="{}"))
    saved = canonical_json(Memory().snapshot())
    assert build_agent("clerk", AgentOptions(memory=saved)) is not None
