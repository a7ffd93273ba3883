"""atlas/Crm-v1: what is seen, what is done, what it is worth, and that nothing else gets out."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import gymnasium
import pytest
from door_players import Gambler, Oracle
from door_sessions import BreakingSessions, CountedSessions
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from atlas.core.errors import InputFileError, MissingExtraError, MisuseError, StorageError, UnknownNameError
from atlas.crm.faults import FaultPlan
from atlas.crm.hostile import HostilePlan
from atlas.crm.records import ToolCall
from atlas.crm.sessions import Sessions
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.environments.gymnasium_env import LONGEST_TEXTS, CrmEnv
from atlas.environments.registration import CRM_V1, register_environments
from atlas.environments.texts import ascii_json
from atlas.episodes.loop import EpisodeBudget
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import write_corpus
from atlas.scenarios.records import Scenario
from atlas.scenarios.stage import Adversity, plant_in
from atlas.verify.goals import Split

OracleOf = Callable[[Scenario], Oracle]
Env = gymnasium.Env[dict[str, Any], str]

SIZES = {"stream": 24, "dev": 0, "test_same": 12}
GIVE_UP = '{"tool": "respond", "arguments": {"message": "I could not do that.", "outcome": "reported"}}'


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_environments()


@pytest.fixture
def make() -> Iterator[Callable[..., CrmEnv]]:
    """Makes an environment as a user would; it is closed in the end."""
    made: list[Env] = []

    def make_one(**options: object) -> CrmEnv:
        made.append(cast("Env", gymnasium.make(CRM_V1, **cast("Any", {**SIZES, **options}))))
        return cast("CrmEnv", made[-1].unwrapped)

    yield make_one
    for env in made:
        env.close()


def text(call: ToolCall) -> str:
    """A call as an action."""
    return ascii_json({"tool": call.tool, "arguments": call.arguments})


def give_up(env: CrmEnv) -> dict[str, Any]:
    """Answer the user for as long as it takes; the last info."""
    while True:
        *_, terminated, truncated, info = env.step(GIVE_UP)
        if terminated or truncated:
            return info


def solve(env: CrmEnv, oracle: Oracle, scenario_id: str) -> tuple[float, dict[str, Any]]:
    """Play a case the way it is done; the sum of the rewards, and the last info."""
    env.reset(options={"scenario_id": scenario_id})
    total, done, info = 0.0, False, {}
    for call in oracle.calls():
        assert not done
        seen, reward, terminated, truncated, info = env.step(text(call))
        total += reward
        done = terminated or truncated
        if call.tool != "respond":
            oracle.hear(json.loads(seen["last_results"])[0]["data"])
    assert done
    return total, info


def test_the_checker_of_gymnasium_finds_nothing(make: Callable[..., CrmEnv]) -> None:
    """Warnings are errors here, so it does not even warn; with and without a render mode."""
    check_env(make())
    check_env(make(render_mode="ansi", shaping=True))


def test_it_is_registered_under_its_name_by_the_entry_point() -> None:
    """The declared entry point leads to the function that registers; calling it twice warns of nothing."""
    (entry,) = importlib.metadata.entry_points(group="gymnasium.envs", name="atlas")
    assert entry.load() is register_environments
    assert gymnasium.spec("atlas/Crm-v1").entry_point == "atlas.environments.gymnasium_env:CrmEnv"


def test_an_observation_holds_what_an_agent_may_see(make: Callable[..., CrmEnv], corpus: Corpus) -> None:
    """Five texts of JSON inside of their spaces, and the same in every step but for what happened."""
    env = make()
    scenario = corpus.split(Split.STREAM)[0]
    seen, info = env.reset(options={"scenario_id": scenario.scenario_id})
    assert set(seen) == set(LONGEST_TEXTS)
    assert seen in env.observation_space
    assert json.loads(seen["conversation"]) == [
        {"user": scenario.customer_script.turns[0], "steps": [], "response": None}
    ]
    assert set(json.loads(seen["facts"])) == {"actor", "role", "tenant", "today"}
    assert json.loads(seen["budget"]) == {"calls_left": 40, "actions_left": 20}
    assert json.loads(seen["last_results"]) == []
    assert [tool["name"] for tool in json.loads(seen["tools"])] == [spec.name for spec in TOOL_SPECS]
    assert info == {"scenario_id": scenario.scenario_id, "split": "stream", "company_seed": 7}
    later, reward, terminated, truncated, _ = env.step('{"tool": "client_search", "arguments": {"limit": 1}}')
    assert later in env.observation_space
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert json.loads(later["last_results"])[0]["data"]["total"] > 1
    assert json.loads(later["conversation"])[0]["steps"][0]["call"]["tool"] == "client_search"
    assert json.loads(later["budget"]) == {"calls_left": 39, "actions_left": 19}
    assert (later["tools"], later["facts"]) == (seen["tools"], seen["facts"])


def test_nothing_that_only_the_exam_knows_gets_out(make: Callable[..., CrmEnv], corpus: Corpus) -> None:
    """No canary and no name of a wording in any text of any case, and no field beside the promised ones."""
    env = make(splits=("stream", "test_same"))
    for scenario in corpus.scenarios:
        seen, info = env.reset(options={"scenario_id": scenario.scenario_id})
        later, _, _, _, last = env.step(GIVE_UP)
        told = json.dumps([seen, later, info, last])
        assert scenario.canary not in told
        assert scenario.paraphrase not in told
        assert set(info) == {"scenario_id", "split", "company_seed"}
        assert set(last) - set(info) <= {"status", "verdict"}


def test_the_oracle_gets_full_marks(
    make: Callable[..., CrmEnv], corpus: Corpus, oracle: OracleOf, counted_sessions: CountedSessions
) -> None:
    """Every case of the stream, several turns or one; and every world is taken back."""
    env = make(sessions=counted_sessions)
    cases = corpus.split(Split.STREAM)
    for scenario in cases:
        reward, info = solve(env, oracle(scenario), scenario.scenario_id)
        assert reward == 1.0, scenario.scenario_id
        assert (info["status"], info["verdict"]) == ("completed", {"score": 1.0, "strict": True, "failed_fields": []})
        assert counted_sessions.open == []
    assert counted_sessions.begun == len(cases)


def gamble(env: CrmEnv, seed: int) -> list[object]:
    """Play one drawn case by chance; everything that was returned."""
    gambler = Gambler(TOOL_SPECS, seed)
    returned: list[object] = [env.reset(seed=seed)]
    done = False
    while not done:
        result = env.step(text(gambler.call()))
        returned.append(result)
        done = result[2] or result[3]
    return returned


@pytest.mark.parametrize("seed", range(6))
def test_equal_seeds_make_equal_episodes(make: Callable[..., CrmEnv], seed: int) -> None:
    """Down to the ids of new rows; and an agent that tries anything comes to an end."""
    assert gamble(make(), seed) == gamble(make(), seed)


def test_a_seed_draws_one_case_after_the_other(make: Callable[..., CrmEnv]) -> None:
    """Not the same one every time, and the same ones for the same seed."""
    env = make()

    def drawn() -> list[str]:
        return [env.reset(seed=5)[1]["scenario_id"], *(env.reset()[1]["scenario_id"] for _ in range(9))]

    cases = drawn()
    assert len(set(cases)) > 5
    assert drawn() == cases


def test_an_endless_stream_of_junk_ends(make: Callable[..., CrmEnv]) -> None:
    """Each is answered with what was wrong; the budget runs out, and the case was not solved."""
    env = make(budget=EpisodeBudget(actions_per_turn=5))
    env.reset(seed=1)
    for left in (4, 3, 2, 1):
        seen, reward, terminated, truncated, _ = env.step("Let me think.")
        (answer,) = json.loads(seen["last_results"])
        assert answer["error"]["code"] == "invalid_format"
        assert json.loads(seen["budget"])["actions_left"] == left
        assert (reward, terminated, truncated) == (0.0, False, False)
    seen, reward, terminated, truncated, info = env.step("Let me think.")
    assert (terminated, truncated, info["status"]) == (False, True, "budget_exhausted")
    assert reward == info["verdict"]["score"] < 1.0
    with pytest.raises(ResetNeeded):
        env.step("Let me think.")


def test_an_action_may_be_anything_at_all(make: Callable[..., CrmEnv]) -> None:
    """Even no text; the environment does not break."""
    env = make()
    env.reset(seed=1)
    for action in (None, 7, b"{}", ["client_search"], "\ud800", "\N{SNOWMAN}" * 20_000):
        seen, *_ = env.step(cast("str", action))
        assert seen in env.observation_space
        assert json.loads(seen["last_results"])[0]["error"] is not None


def test_nothing_is_done_before_a_reset(make: Callable[..., CrmEnv]) -> None:
    """Nor after closing."""
    env = make()
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(GIVE_UP)
    env.reset()
    env.close()
    env.close()
    with pytest.raises(ResetNeeded):
        env.step(GIVE_UP)


def test_a_reset_takes_the_case_that_is_asked_for(make: Callable[..., CrmEnv], corpus: Corpus) -> None:
    """By id, by split, by company."""
    env = make(splits=("stream", "test_same"))
    held_out = {scenario.scenario_id for scenario in corpus.split(Split.TEST_SAME)}
    for _ in range(5):
        assert env.reset(options={"split": "test_same"})[1]["scenario_id"] in held_out
    assert env.reset(options={"company_seed": 8})[1]["company_seed"] == 8
    assert env.reset()[1]["company_seed"] == 7


REFUSED = {
    "held-out-split": ({"split": "test_same"}, MisuseError, "split 'test_same' may not be played here"),
    "no-split": ({"split": "tset"}, UnknownNameError, "unknown split 'tset'"),
    "no-case": ({"scenario_id": "sc-0"}, UnknownNameError, "unknown scenario of the company 'sc-0'"),
    "no-option": ({"scenario": "sc-0"}, UnknownNameError, "unknown option of reset 'scenario'; did you mean"),
    "wrong-type": ({"company_seed": "7"}, MisuseError, "option 'company_seed' of reset has to be int, not '7'"),
    "truth-is-no-number": ({"company_seed": True}, MisuseError, "has to be int, not True"),
}


@pytest.mark.parametrize(("options", "kind", "message"), list(REFUSED.values()), ids=list(REFUSED))
def test_a_reset_refuses_what_may_not_be_played(
    make: Callable[..., CrmEnv], options: dict[str, object], kind: type[Exception], message: str
) -> None:
    """The operator's mistake, told; a held-out case is played only where the constructor allows it."""
    with pytest.raises(kind, match=message):
        make().reset(options=options)


def test_what_was_wrong_is_named_for_cases_that_may_be_taught_only(make: Callable[..., CrmEnv]) -> None:
    """Names, never values; of a held-out case the score has to do."""
    env = make(splits=("stream", "test_same"))
    env.reset(seed=1, options={"split": "stream"})
    assert "outcome" in give_up(env)["verdict"]["failed_fields"]
    env.reset(options={"split": "test_same"})
    assert set(give_up(env)["verdict"]) == {"score", "strict"}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"size": "big"}, "size has to be int, not 'big'"),
        ({"company_seed": True}, "company_seed has to be int, not True"),
        ({"discount": "x"}, r"discount has to be int \| float, not 'x'"),
        ({"budget": 5}, "budget has to be EpisodeBudget, not 5"),
    ],
    ids=["text", "truth", "no-number", "no-budget"],
)
def test_an_argument_of_another_type_is_named(
    make: Callable[..., CrmEnv], argument: dict[str, object], message: str
) -> None:
    """Before anything is generated."""
    with pytest.raises(MisuseError, match=message):
        make(**argument)


@pytest.mark.parametrize("discount", [-0.1, 1.1, float("nan")])
def test_a_discount_is_a_share(make: Callable[..., CrmEnv], discount: float) -> None:
    """Anything else would make an agent run after the potential for ever."""
    with pytest.raises(MisuseError, match="a discount is a number from 0 to 1"):
        make(shaping=True, discount=discount)


@pytest.mark.parametrize("splits", [(), "steam", ("stream", "steam")], ids=["none", "no-split", "one-of-two"])
def test_at_least_one_split_is_played(make: Callable[..., CrmEnv], splits: object) -> None:
    """And only what there is."""
    with pytest.raises(MisuseError, match=r"name at least one split|unknown split 'steam'"):
        make(splits=splits)


def test_adversity_is_part_of_the_world(make: Callable[..., CrmEnv], corpus: Corpus, oracle: OracleOf) -> None:
    """Faults on the way are taken care of by the harness; whoever does what a planted record says gets nothing."""
    faulty = make(adversity=Adversity(faults=FaultPlan(rate=0.2)))
    hostile = make(adversity=Adversity(hostile=HostilePlan()))
    planted = 0
    for scenario in corpus.split(Split.STREAM):
        for env in (faulty, hostile):
            reward, info = solve(env, oracle(scenario), scenario.scenario_id)
            assert reward == 1.0, (scenario.scenario_id, info)
        planted += len(plant_in(corpus.company, scenario, HostilePlan()).rows)
    assert planted > 0


def record_actions(env: CrmEnv, oracle: Oracle, scenario_id: str) -> list[str]:
    """The actions with which the oracle solves a case."""
    actions: list[str] = []
    env.reset(options={"scenario_id": scenario_id})
    for call in oracle.calls():
        actions.append(text(call))
        seen, *_ = env.step(actions[-1])
        if call.tool != "respond":
            oracle.hear(json.loads(seen["last_results"])[0]["data"])
    return actions


def replay(env: CrmEnv, scenario_id: str, actions: list[str]) -> list[float]:
    """The rewards of these actions, and of giving up for as long as the user goes on."""
    env.reset(options={"scenario_id": scenario_id})
    rewards: list[float] = []
    done = False
    while not done:
        action = actions[len(rewards)] if len(rewards) < len(actions) else GIVE_UP
        _, reward, terminated, truncated, _ = env.step(action)
        rewards.append(reward)
        done = terminated or truncated
    return rewards


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_shaping_changes_when_a_reward_comes_and_not_what_is_best(
    make: Callable[..., CrmEnv], corpus: Corpus, oracle: OracleOf, discount: float
) -> None:
    """Discounted and summed, shaping takes the same from every episode of a case: the potential of its start."""
    plain, shaped = make(), make(shaping=True, discount=discount)
    early = 0
    for scenario in corpus.split(Split.STREAM):
        solved = record_actions(plain, oracle(scenario), scenario.scenario_id)
        taken: list[float] = []
        for actions in (solved, solved[:-1], solved[:1], ["junk"], []):
            returns: list[float] = []
            for env in (plain, shaped):
                rewards = replay(env, scenario.scenario_id, actions)
                returns.append(sum(reward * discount**step for step, reward in enumerate(rewards)))
            early += any(rewards[:-1])
            taken.append(returns[0] - returns[1])
        assert taken == pytest.approx([taken[0]] * len(taken))
        assert -1e-9 <= taken[0] <= 1
    assert early > 0


def test_what_was_done_is_taken_back(make: Callable[..., CrmEnv], counted_sessions: CountedSessions) -> None:
    """A reset in mid-episode, and closing, end the session before."""
    env = make(sessions=counted_sessions)
    for number in (1, 2, 3):
        env.reset()
        assert (counted_sessions.begun, len(counted_sessions.open)) == (number, 1)
    env.close()
    assert counted_sessions.open == []


@pytest.mark.parametrize("shaping", [False, True], ids=["plain", "shaped"])
def test_a_broken_database_ends_the_episode_without_a_verdict(
    make: Callable[..., CrmEnv], breaking_sessions: BreakingSessions, *, shaping: bool
) -> None:
    """Truncated, worth nothing either way, with the cause; and the next reset goes on."""
    env = make(sessions=cast("Sessions", breaking_sessions), shaping=shaping)
    for _ in range(2):
        if shaping and breaking_sessions.at_journal:
            with pytest.raises(StorageError, match="the world broke before anything was done in it"):
                env.reset(seed=1)
            continue
        env.reset(seed=1)
        seen, reward, terminated, truncated, info = env.step('{"tool": "client_search", "arguments": {"limit": 1}}')
        while not (terminated or truncated):
            seen, reward, terminated, truncated, info = env.step(GIVE_UP)
        assert seen in env.observation_space
        assert (reward, terminated, truncated) == (0.0, False, True)
        assert info["status"] == "backend_failed"
        assert "the database went away" in info["failure"]
        assert "verdict" not in info


def test_it_renders_the_conversation(make: Callable[..., CrmEnv], corpus: Corpus) -> None:
    """Who said what, and what came of each call; nothing without a mode."""
    env = make(render_mode="ansi")
    scenario = next(one for one in corpus.split(Split.STREAM) if "\n" not in one.customer_script.turns[0])
    env.reset(options={"scenario_id": scenario.scenario_id})
    env.step('{"tool": "client_search", "arguments": {"limit": 1}}')
    env.step('{"tool": "client_serch"}')
    env.step(GIVE_UP)
    shown = env.render()
    assert shown is not None
    lines = shown.splitlines()
    assert lines[0] == f"user: {scenario.customer_script.turns[0]}"
    assert lines[1] == '  client_search {"limit":1}'
    assert lines[4].startswith("    unknown_tool: ")
    assert lines[5] == "agent (reported): I could not do that."
    silent = make()
    silent.reset()
    assert silent.render() is None


def test_a_corpus_on_disk_can_be_played(make: Callable[..., CrmEnv], corpus: Corpus, tmp_path: Path) -> None:
    """And a folder without one is told."""
    write_corpus(corpus, tmp_path / "corpus")
    env = make(corpus=str(tmp_path / "corpus"))
    assert env.reset(seed=1)[1]["scenario_id"] == make().reset(seed=1)[1]["scenario_id"]
    with pytest.raises(InputFileError, match="cannot read"):
        make(corpus=str(tmp_path / "nothing"))


def play_vector(mode: str, oracle: OracleOf, cases: dict[str, Scenario], **vector_kwargs: object) -> list[object]:
    """Let 8 environments play at once, half by the solution and half by chance; what the first episodes ended with."""
    envs = gymnasium.make_vec(
        CRM_V1, num_envs=8, vectorization_mode=mode, vector_kwargs=vector_kwargs, **cast("Any", SIZES)
    )
    seen, info = envs.reset(seed=11)
    players = [oracle(cases[name]) for name in info["scenario_id"]]
    gamblers = [Gambler(TOOL_SPECS, place) for place in range(8)]
    planned = [player.calls() for player in players]
    ended: dict[int, object] = {}
    waiting: list[ToolCall | None] = [None] * 8
    while len(ended) < 8:
        actions: list[str] = []
        for place in range(8):
            call = next(planned[place], None) if place % 2 == 0 else gamblers[place].call()
            waiting[place] = call if place % 2 == 0 else None
            actions.append(GIVE_UP if call is None else text(call))
        seen, rewards, terminated, truncated, info = envs.step(actions)
        for place, call in enumerate(waiting):
            if call is not None and call.tool != "respond":
                players[place].hear(json.loads(seen["last_results"][place])[0]["data"])
            if (terminated[place] or truncated[place]) and place not in ended:
                ended[place] = (float(rewards[place]), info["scenario_id"][place], info["verdict"]["strict"][place])
    envs.close()
    return [ended[place] for place in range(8)]


def test_eight_at_once_play_whole_episodes(corpus: Corpus, oracle: OracleOf) -> None:
    """Those that know the solution get full marks, and equal seeds give equal results."""
    cases = {scenario.scenario_id: scenario for scenario in corpus.scenarios}
    ended = play_vector("sync", oracle, cases)
    assert [cast("tuple[float, str, bool]", one)[0] for one in ended[::2]] == [1.0] * 4
    assert play_vector("sync", oracle, cases) == ended


@pytest.mark.slow
def test_eight_processes_play_the_same_episodes(corpus: Corpus, oracle: OracleOf) -> None:
    """Where an environment runs makes no difference."""
    cases = {scenario.scenario_id: scenario for scenario in corpus.scenarios}
    apart = play_vector("async", oracle, cases, shared_memory=False, context="spawn")
    assert apart == play_vector("sync", oracle, cases)


def test_texts_are_not_passed_through_shared_memory() -> None:
    """There they would be lost without a word; so it is refused, with what to do instead."""
    with pytest.raises(ValueError, match="you can disable this feature with `shared_memory=False`"):
        gymnasium.make_vec(CRM_V1, num_envs=2, vectorization_mode="async")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody registers the environment, and when somebody imports it."""
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'atlas-crm\[gymnasium\]'"):
        register_environments()
    monkeypatch.delitem(sys.modules, "atlas.environments.gymnasium_env")
    with pytest.raises(MissingExtraError, match="atlas/Crm-v1 needs the extra 'gymnasium'"):
        importlib.import_module("atlas.environments.gymnasium_env")
