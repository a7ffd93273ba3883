"""What an experiment runs: a configuration that cannot change after it was read, and where it is read from.

Precedence: flag > environment (``ATLAS_EXPERIMENT__KEY``) > file > default. An unknown key is an error that names the
nearest known one. Everything but ``execution`` decides the results and is part of the configuration's hash. The keys of
``preregistration`` are those of ``atlas.evaluation.hypotheses``.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import Field, model_validator

from atlas.core.canonical import content_hash
from atlas.core.errors import ConfigError, InputFileError, nearest_name
from atlas.core.records import JsonObject
from atlas.crm.faults import FaultKind, FaultPlan
from atlas.crm.hostile import HostilePlan
from atlas.crm.permissions import POLICIES
from atlas.episodes.records import Tier
from atlas.evaluation.hypotheses import DifferenceTarget, GainShareTarget, LevelTarget, Preregistration, Section
from atlas.evaluation.records import Arm
from atlas.scenarios.companies import LARGEST_SIZE, SKELETON_SIZE, SMALLEST_SIZE
from atlas.scenarios.schedule import Profile
from atlas.scenarios.stage import Adversity
from atlas.settings.environment import layered, overrides
from atlas.settings.parsing import parse_record, parse_yaml, read_text, shown

_ENVIRONMENT_SECTION = "EXPERIMENT"

HIGHEST_CONFIDENCE = 0.9999
"""Coverage of the widest intervals: closer to 1, they say nothing and their quantiles are lost in rounding."""

Seed: TypeAlias = Annotated[int, Field(ge=0, lt=2**31)]


class CorpusOptions(Section):
    """What each company's corpus holds.

    Attributes:
        stream: Cases to learn from.
        test_same: Held-out cases: same families, new wording and entities.
        dev: Cases for tuning thresholds; no experiment uses them, but they belong to the corpus and its hash.
        records: Records of the company, roughly.
        profile: How the families are mixed: as in production, or all alike.
        reskin: Seed of random words that replace nicknames, phrases and parameters; None for the usual ones.
        compiled: Solved cases that a memory is compiled from, beside the corpus; the compiled arm alone uses them.
    """

    stream: int = Field(gt=0, le=100_000)
    test_same: int = Field(gt=0, le=100_000)
    dev: int = Field(default=0, ge=0, le=100_000)
    records: int = Field(default=SKELETON_SIZE, ge=SMALLEST_SIZE, le=LARGEST_SIZE)
    profile: Profile = "production"
    reskin: Seed | None = None
    compiled: int = Field(default=10_000, gt=0, le=100_000)


class AdversityOptions(Section):
    """What makes the worlds of an experiment hard to work in; the same for every arm.

    Attributes:
        faults: What goes wrong on the way to the CRM; the agent is then put behind a harness that tries again.
        permissions: Name of a policy that comes with Atlas: who may see and change what.
        hostile: Hostile content of the records.
    """

    faults: FaultPlan | None = None
    permissions: Literal["public", "territories", "private"] | None = None
    hostile: HostilePlan | None = None

    def build(self) -> Adversity:
        """Return it as worlds take it."""
        policy = None if self.permissions is None else POLICIES[self.permissions]
        return Adversity(self.faults, policy, self.hostile)


class Execution(Section):
    """How an experiment is run; never what comes out.

    Attributes:
        workers: Processes.
    """

    workers: int = Field(default=2, ge=1, le=256)


DEFAULT_ARMS = tuple(arm for arm in Arm if arm is not Arm.COMPILED)
"""What is compared where an experiment does not say; compiling takes longer than all of them."""


class ExperimentConfig(Section):
    """One experiment.

    Attributes:
        name: What it is called in reports and folder names.
        company_seeds: The companies, each with a stream and a memory of its own.
        corpus: What each company's corpus holds.
        arms: What is compared; memory-off always, as everything is paired with it.
        teacher: Tier of the teacher of the learned arm.
        window: Stream episodes per point of the learning curve, and between two saved memories.
        confidence: Coverage of every interval.
        preregistration: What was expected beforehand; None prints results without a headline.
        adversity: What makes the worlds hard to work in; None for nothing.
        execution: How it is run.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    company_seeds: tuple[Seed, ...] = Field(min_length=1)
    corpus: CorpusOptions
    arms: tuple[Arm, ...] = DEFAULT_ARMS
    teacher: Tier = Tier.DEMONSTRATION
    window: int = Field(default=25, gt=0)
    confidence: float = Field(default=0.95, gt=0.5, le=HIGHEST_CONFIDENCE)
    preregistration: Preregistration | None = None
    adversity: AdversityOptions | None = None
    execution: Execution = Execution()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for what, values in (("a company seed", self.company_seeds), ("an arm", self.arms)):
            if len(set(values)) != len(values):
                raise ValueError(f"{what} is listed twice: {', '.join(str(value) for value in values)}")
        if Arm.MEMORY_OFF not in self.arms:
            raise ValueError("arms need 'memory_off': every other arm is paired with it")
        for arm in (Arm.SHUFFLED, Arm.WRONG_COMPANY):
            if arm in self.arms and Arm.LEARNED not in self.arms:
                raise ValueError(f"arm {arm.value!r} needs 'learned': it uses what that arm learned")
        return self

    @model_validator(mode="after")
    def _runs_what_hypotheses_need(self) -> Self:
        for hypothesis in self.preregistration.hypotheses if self.preregistration is not None else ():
            missing = [arm for arm in hypothesis.needs if arm not in self.arms]
            if missing:
                raise ValueError(
                    f"hypothesis {hypothesis.name!r} needs arm {missing[0].value!r}, which does not run; add it to "
                    "arms, or leave the hypothesis out"
                )
        return self

    @property
    def worlds(self) -> Adversity | None:
        """What makes the worlds hard to work in, as they take it; None for nothing."""
        return None if self.adversity is None else self.adversity.build()

    @property
    def content_hash(self) -> str:
        """Hash of everything that decides the results."""
        return content_hash(self._dumped(*(set(type(self).model_fields) - {"execution"})))

    @property
    def preregistration_hash(self) -> str | None:
        """Hash of what was fixed before the run: hypotheses, stopping, arms, seeds and sizes; None without any."""
        if self.preregistration is None:
            return None
        fixed = {"preregistration", "company_seeds", "corpus", "arms", "teacher", "confidence", "adversity"}
        return content_hash(self._dumped(*fixed))

    def _dumped(self, *sections: str) -> JsonObject:
        """Return sections without what is absent: hashes of experiments from before it existed stay what they were."""
        dumped = self.model_dump(mode="json", include=set(sections))
        if self.adversity is None:
            dumped.pop("adversity", None)
        if Arm.COMPILED not in self.arms:
            dumped["corpus"].pop("compiled")
        return dumped


# ---------------------------------------------------------------------------------------------------------------------
# Where it is read from


def load_experiment(
    source: str, *, environment: Mapping[str, str] | None = None, flags: JsonObject | None = None
) -> ExperimentConfig:
    """Return the experiment of a YAML file, with environment and flags put over it.

    Args:
        source: Path of a file, or the name of a shipped experiment such as ``"demo"``.
        environment: Variables; ``ATLAS_EXPERIMENT__...`` override keys of the file.
        flags: Values given on the command line, nested as the file is; they override everything.

    Raises:
        InputFileError: there is no such file.
        ConfigError: a key or value is not allowed.
    """
    path = find_experiment(source)
    return parse_experiment(_read_yaml(path), str(path), environment=environment, flags=flags)


def parse_experiment(
    data: JsonObject,
    where: str,
    *,
    environment: Mapping[str, str] | None = None,
    flags: JsonObject | None = None,
) -> ExperimentConfig:
    """Return the experiment described by ``data``; see :func:`load_experiment`.

    Raises:
        ConfigError: a key or value is not allowed; the message starts with ``where``, or says that the value came from
            the environment.
    """
    _reject_unknown(data, where)
    below = data
    from_environment = _overrides(environment or {})
    if from_environment:
        _reject_unknown(from_environment, f"environment ATLAS_{_ENVIRONMENT_SECTION}__...")
        where = f"{where} with ATLAS_{_ENVIRONMENT_SECTION}__... from the environment"
        below = layered(below, from_environment)
    return parse_record(ExperimentConfig, layered(below, flags or {}), where, error=ConfigError)


def shipped_experiments() -> Mapping[str, Path]:
    """Return the experiments that come with Atlas, by name."""
    return {path.stem: path for path in sorted(_shipped_folder().glob("*.yaml"), key=lambda path: path.stem)}


def find_experiment(source: str) -> Path:
    """Return the path of the experiment file that ``source`` names.

    Raises:
        InputFileError: it is neither a file nor the name of a shipped experiment.
    """
    path = Path(source)
    shipped = shipped_experiments()
    if path.is_file():
        return path
    if source in shipped:
        return shipped[source]
    guess = nearest_name(path.stem, shipped)
    hint = f"did you mean {guess!r}?" if guess else "give a path or a name."
    raise InputFileError(f"no experiment file {source!r}; {hint} Shipped: {', '.join(shipped)}")


def _shipped_folder() -> Path:
    """The shipped files: inside the installed package, or in the checkout that an editable install points at."""
    installed = Path(str(resources.files("atlas.evaluation"))) / "configs"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / "configs" / "experiments"


def _read_yaml(path: Path) -> JsonObject:
    data = parse_yaml(read_text(path), str(path))
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: an experiment file holds keys and values, got {shown(data)}")
    return {str(key): value for key, value in cast("dict[object, object]", data).items()}


def known_keys() -> tuple[str, ...]:
    """Return every key of an experiment file, as dotted paths; keys of hypotheses stand under their list."""
    return tuple(dict.fromkeys(_walk(ExperimentConfig, "")))


_NESTED: Mapping[str, tuple[type, ...]] = {
    "adversity": (AdversityOptions,),
    "adversity.faults": (FaultPlan,),
    "adversity.faults.weights": (FaultKind,),
    "adversity.hostile": (HostilePlan,),
    "corpus": (CorpusOptions,),
    "execution": (Execution,),
    "preregistration": (Preregistration,),
    "preregistration.hypotheses": (LevelTarget, DifferenceTarget, GainShareTarget),
}


def _walk(section: type, prefix: str) -> Iterator[str]:
    for key in _keys(section):
        path = f"{prefix}{key}"
        yield path
        for nested in _NESTED.get(path, ()):
            yield from _walk(nested, f"{path}.")


def _keys(section: type) -> Iterable[str]:
    """The keys that a section takes: the fields of a model or record, or the values of an enum."""
    if issubclass(section, enum.Enum):
        return [str(member.value) for member in section]
    if issubclass(section, Section):
        return section.model_fields
    return [field.name for field in dataclasses.fields(cast("type[FaultPlan]", section))]  # all others are records


def _overrides(environment: Mapping[str, str]) -> JsonObject:
    try:
        return overrides(environment, _ENVIRONMENT_SECTION)
    except (RecursionError, ValueError) as exc:
        raise ConfigError(
            f"environment ATLAS_{_ENVIRONMENT_SECTION}__...: a value is nested too deep, or is a number or date that "
            "cannot be read"
        ) from exc


def _reject_unknown(data: JsonObject, where: str) -> None:
    known = known_keys()
    by_leaf = {path.rpartition(".")[2]: path for path in reversed(known)}
    problems: list[str] = []
    for path in dict.fromkeys(_given(data, "", frozenset(known))):
        if path not in known:
            guess = nearest_name(path.rpartition(".")[2], by_leaf)
            hint = f"did you mean {by_leaf[guess]!r}?" if guess else _keys_beside(path, known)
            problems.append(f"unknown key {path!r}; {hint}")
    if problems:
        raise ConfigError(f"{where}: " + "; ".join(problems))


def _keys_beside(path: str, known: Iterable[str]) -> str:
    """Say which keys there are where ``path`` stands, and where to read what they mean."""
    section = path.rpartition(".")[0]
    beside = [key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == section]
    if not beside:
        return f"{section!r} holds a value and no keys"
    return f"known: {', '.join(beside)}; what they mean: python -m pydoc atlas.evaluation.config"


def _given(data: object, prefix: str, known: frozenset[str]) -> Iterator[str]:
    """Dotted paths of the keys in ``data``; what stands under an unknown key or in a list of lists is not looked at."""
    for mapping in cast("list[object]", data) if isinstance(data, (list, tuple)) else (data,):
        if isinstance(mapping, Mapping):
            for key, value in cast("Mapping[object, object]", mapping).items():
                path = f"{prefix}{key}"
                yield path
                if path in known:
                    yield from _given(value, f"{path}.", known)
