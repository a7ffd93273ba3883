"""``atlas/Crm-v1``: a CRM, its users and its rules as a Gymnasium environment for agents that read and write text.

The contract is told by :class:`CrmEnv`.

Source of shaped rewards: A. Y. Ng, D. Harada, S. Russell, "Policy invariance under reward transformations: theory and
application to reward shaping", ICML 1999: adding ``discount * potential(next state) - potential(state)``, with a
potential of 0 in the end, leaves the best policies as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Final, TypeAlias, cast

from atlas.core.errors import MisuseError, StorageError, UnknownNameError
from atlas.crm.records import ToolError, ToolSpec
from atlas.crm.sessions import MemorySessions, Sessions
from atlas.environments.casebook import Case, Casebook, parse_split
from atlas.environments.extras import require
from atlas.environments.registration import CRM_V1
from atlas.environments.staging import LeasedWorld, lease_case
from atlas.environments.texts import LONGEST_ACTION, ascii_json, conversation_text, read_action, results_text
from atlas.environments.transcript import transcript
from atlas.episodes.loop import STANDARD_BUDGET, EpisodeBudget, EpisodeDriver
from atlas.episodes.records import Action, EpisodeStatus, Observation
from atlas.scenarios.companies import SKELETON_SIZE
from atlas.scenarios.customer import ScriptedCustomer
from atlas.scenarios.recipes import DEV_CASES, STREAM_CASES, TEST_CASES, Recipe
from atlas.scenarios.stage import Adversity
from atlas.verify.goals import Split

_READY = require("gymnasium", CRM_V1)

import gymnasium  # noqa: E402 - the line above says which extra is missing
from gymnasium import spaces  # noqa: E402 - as above

from atlas.environments.text_space import PrintableText  # noqa: E402 - as above

Texts: TypeAlias = "dict[str, str]"

LONGEST_TEXTS: Final[Mapping[str, int]] = {
    "budget": 200,
    "conversation": 32_768,
    "facts": 2_000,
    "last_results": 16_384,
    "tools": 131_072,
}
"""The parts of an observation, and the characters that each may have."""

TAUGHT_SPLITS: Final = (Split.STREAM,)  # whose failures may be named


class CrmEnv(gymnasium.Env[dict[str, Any], str]):
    """A user of a CRM asks for something; the agent works with the tools of the CRM and tells the user what it did.

    Description:
        An episode is one case of an exam: a user, on whose behalf the agent acts, says one or more messages. The agent
        answers each with calls, the last of them ``respond``, which ends the turn; then the user speaks again or the
        episode ends. Some of what the company wants is in no message: it has to be learned.

    Observation space:
        A ``Dict`` of ``Text`` spaces of printable ASCII; every text is JSON, and never invalid JSON: what would be
        longer than its space allows is left out visibly (see ``atlas.environments.texts``).

        * ``conversation``: the turns so far, each with the user's message, the calls with their results, the response;
        * ``last_results``: the answers to the last action's call, empty at the start of a turn;
        * ``budget``: what is left, ``calls_left`` in the episode and ``actions_left`` in the turn;
        * ``facts``: ``actor`` and ``role`` of the user, ``today``, and ``tenant``, an opaque id of the company;
        * ``tools``: name, description and JSON Schema of every tool, ``respond`` included; the same in every step.

        The goal of a case is never part of an observation.

    Action space:
        ``Text``: a call as JSON, ``{"tool": "client_search", "arguments": {"name": "Halden"}}``. A text that is no call
        is answered with an error in ``last_results``; it uses up an action, so that no stream of them is endless.

    Rewards:
        0 in every step but the last; there the score of the verdict, in [0, 1], 1.0 for everything that was asked for
        and nothing else. With ``shaping``, ``discount * potential(after) - potential(before)`` is added, where the
        potential is the score that the episode would have if it ended there, and 0 when it has ended. That tells the
        agent about the goal, step by step, so it is for training only.

    Episode end:
        ``terminated`` when the conversation is over, ``truncated`` when the budget is used up, or when the database
        behind the world broke: then the reward is 0, ``info`` has a ``failure`` and no ``verdict``, and the episode
        says nothing about the agent. Leave it out.

    Info:
        ``scenario_id``, ``split`` and ``company_seed`` of the case; in the last step ``status`` and ``verdict``, with
        ``score``, ``strict`` and, for cases that may be taught, ``failed_fields``: names of what was wrong, never the
        right values.

    Starting state:
        ``reset(seed=...)`` draws a case; equal seeds draw equal cases, whose worlds answer equal calls equally. Options
        of ``reset``: ``scenario_id`` (this case), ``split`` (one of the allowed ones), ``company_seed`` (another
        company, generated with the same numbers of cases).

    Vectors:
        ``gymnasium.make_vec``, one process or several; several need ``vector_kwargs={"shared_memory": False}``.

    Version history:
        v1: the first.

    Args:
        company_seed: The company to play in.
        size: Records of the company, roughly.
        stream: Number of cases to learn from.
        dev: Number of cases to tune thresholds on.
        test_same: Number of held-out cases of the same families.
        corpus: Folder of a corpus to play instead of generating one.
        splits: The split whose cases may be played, or several. Whoever allows a held-out one sees its scores.
        sessions: Where the company's records are kept; None for memory.
        budget: What the agent may use up.
        adversity: What makes worlds hard to work in: faults, permissions, hostile records; None for nothing.
        shaping: Whether to add the shaped reward.
        discount: Of the shaped reward; the one that the agent is trained with.
        render_mode: ``"ansi"`` lets ``render`` return the conversation as text.

    Raises:
        UnknownNameError: there is no such split.
        MisuseError: an argument is of another type, the discount is out of range, or no split is given.
        InputFileError: the folder holds no corpus.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}  # pyright: ignore[reportIncompatibleVariableOverride] - it is declared as an attribute of instances

    def __init__(
        self,
        *,
        company_seed: int = 7,
        size: int = SKELETON_SIZE,
        stream: int = STREAM_CASES,
        dev: int = DEV_CASES,
        test_same: int = TEST_CASES,
        corpus: str | None = None,
        splits: str | Iterable[str] = Split.STREAM.value,
        sessions: Sessions | None = None,
        budget: EpisodeBudget = STANDARD_BUDGET,
        adversity: Adversity | None = None,
        shaping: bool = False,
        discount: float = 1.0,
        render_mode: str | None = None,
    ) -> None:
        _check_types(
            company_seed=(company_seed, int),
            size=(size, int),
            stream=(stream, int),
            dev=(dev, int),
            test_same=(test_same, int),
            budget=(budget, EpisodeBudget),
            adversity=(adversity, Adversity | None),
            discount=(discount, int | float),
        )
        if not 0 <= discount <= 1:
            raise MisuseError(f"a discount is a number from 0 to 1, not {discount}")
        allowed = [parse_split(name) for name in ([splits] if isinstance(splits, str) else splits)]
        recipe = Recipe(company_seed, stream, dev, test_same, size)
        self._book = Casebook(recipe, allowed) if corpus is None else Casebook.load(Path(corpus), allowed)
        self._sessions = sessions or MemorySessions()
        self._budget = budget
        self._adversity = adversity
        self._discount = discount if shaping else None
        self._play: _Play | None = None
        self._potential = 0.0
        self._tools: tuple[ToolSpec, ...] = ()
        self._tools_text = ""
        self.render_mode = render_mode
        self.observation_space = spaces.Dict({name: PrintableText(length) for name, length in LONGEST_TEXTS.items()})
        self.action_space = PrintableText(LONGEST_ACTION, min_length=0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode; whatever was done in the one before is taken back.

        Args:
            seed: Seeds the drawing of cases, for this and for the following resets.
            options: Which case; see the class.

        Raises:
            MisuseError: an option is unknown, of the wrong type, or asks for what may not be played.
            StorageError: the database is down, or no copy of the company is free.
        """
        super().reset(seed=seed)
        self.close()
        wanted = _Options(options or {})
        if wanted.scenario_id is not None:
            case = self._book.find(wanted.scenario_id, company_seed=wanted.company_seed, split=wanted.split)
        else:
            case = self._book.draw(
                lambda count: int(self.np_random.integers(count)), company_seed=wanted.company_seed, split=wanted.split
            )
        play = self._play = _Play(case, lease_case(case, self._sessions, self._adversity), self._budget)
        self._potential = self._potential_of(play)
        if play.driver.finished:
            self.close()
            raise StorageError(f"the world broke before anything was done in it: {play.driver.leave().episode.failure}")
        return self._observed(play), play.info()

    def step(self, action: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Carry out an action; see the class for what is returned.

        Raises:
            ResetNeeded: the episode is over, or none was begun.
        """
        play = self._play
        if play is None or play.driver.finished:
            raise gymnasium.error.ResetNeeded("no episode is going on; call reset() before step()")
        play.act(action)
        before, self._potential = self._potential, self._potential_of(play)  # which may find the database broken
        observation = self._observed(play)
        if not play.driver.finished:
            return observation, self._potential * (self._discount or 0.0) - before, False, False, play.info()
        score, completed, info = play.end()
        return observation, 0.0 if score is None else score - before, completed, not completed, info

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] - one of the declared kinds
        """Return the conversation as text in render mode ``ansi``, None without a mode."""
        if self.render_mode != "ansi" or self._play is None:
            return None
        return transcript(self._play.driver.turns)

    def close(self) -> None:
        """Take back what was done in the running episode."""
        if self._play is not None:
            self._play.lease.close()
            self._play = None

    def _observed(self, play: _Play) -> Texts:
        observation = play.driver.observe()
        if observation.tools is not self._tools:  # describing them takes longer than everything else
            self._tools, self._tools_text = observation.tools, ascii_json(observation.tools)
        return {**observation_texts(observation), "tools": self._tools_text}

    def _potential_of(self, play: _Play) -> float:
        return 0.0 if self._discount is None or play.driver.finished else play.worth()


class _Play:
    """One episode: the case, the leased world, and where the conversation stands."""

    def __init__(self, case: Case, lease: LeasedWorld, budget: EpisodeBudget) -> None:
        self._case = case
        self.lease = lease
        customer = ScriptedCustomer(case.scenario.customer_script)
        self.driver = EpisodeDriver(lease.world, customer, tenant=case.company.tenant, budget=budget)

    def act(self, text: object) -> None:
        call = read_action(text)
        if isinstance(call, ToolError):
            self.driver.reject(call)
        else:
            self.driver.act(Action((call,)))

    def worth(self) -> float:
        verdict = self._case.judge(self.driver.episode(), self.lease.planted)
        return 0.0 if verdict is None else verdict.score

    def info(self) -> dict[str, Any]:
        scenario = self._case.scenario
        return {
            "scenario_id": scenario.scenario_id,
            "split": scenario.split.value,
            "company_seed": scenario.company_seed,
        }

    def end(self) -> tuple[float | None, bool, dict[str, Any]]:
        """Return the score if there is one, whether the conversation came to its end, and the last info."""
        episode = self.driver.leave().episode
        verdict = self._case.judge(episode, self.lease.planted)
        self.lease.close()
        info = {**self.info(), "status": episode.status.value}
        if verdict is None:
            return None, False, {**info, "failure": str(episode.failure)}
        told: dict[str, Any] = {"score": verdict.score, "strict": verdict.strict}
        if self._case.scenario.split in TAUGHT_SPLITS:
            told["failed_fields"] = list(verdict.failed_fields)
        return verdict.score, episode.status is EpisodeStatus.COMPLETED, {**info, "verdict": told}


def _check_types(**arguments: tuple[object, type | UnionType]) -> None:
    for name, (value, kind) in arguments.items():
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = getattr(kind, "__name__", str(kind))
            raise MisuseError(f"{name} has to be {wanted}, not {value!r}")


class _Options:
    """The options of ``reset``, checked.

    Raises:
        MisuseError: one is unknown, or of the wrong type.
    """

    def __init__(self, options: Mapping[str, object]) -> None:
        for name, value in options.items():
            kind = _OPTIONS.get(name)
            if kind is None:
                raise UnknownNameError("option of reset", str(name), _OPTIONS)
            if type(value) is not kind:
                raise MisuseError(f"option {name!r} of reset has to be {kind.__name__}, not {value!r}")
        self.scenario_id = cast("str | None", options.get("scenario_id"))
        self.company_seed = cast("int | None", options.get("company_seed"))
        split = cast("str | None", options.get("split"))
        self.split = None if split is None else parse_split(split)


_OPTIONS: Final[Mapping[str, type]] = {"scenario_id": str, "company_seed": int, "split": str}


def observation_texts(observation: Observation) -> Texts:
    """Return what an agent sees, but for its tools, as texts of the observation space."""
    return {
        "budget": ascii_json(observation.budget),
        "conversation": conversation_text(observation.turns, LONGEST_TEXTS["conversation"]),
        "facts": ascii_json(
            {
                "actor": observation.actor,
                "role": observation.role,
                "tenant": observation.tenant,
                "today": observation.today,
            }
        ),
        "last_results": results_text(observation.last_results, LONGEST_TEXTS["last_results"]),
    }
