"""What an experiment runs: a configuration that cannot change after it was read, and where it is read from.

Precedence: flag > environment (``ATLAS_EXPERIMENT__KEY``) > file > default. An unknown key is an error that names the
nearest known one. Everything but ``execution`` decides the results and is part of the configuration's hash.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, cast

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, model_validator

from atlas.core.canonical import content_hash
from atlas.core.errors import ConfigError, InputFileError, nearest_name
from atlas.core.records import JsonObject
from atlas.crm.faults import FaultKind, FaultPlan
from atlas.crm.hostile import HostilePlan
from atlas.crm.permissions import POLICIES
from atlas.episodes.records import Tier
from atlas.evaluation.records import Arm
from atlas.scenarios.companies import LARGEST_SIZE, SKELETON_SIZE, SMALLEST_SIZE
from atlas.scenarios.schedule import Profile
from atlas.scenarios.stage import Adversity
from atlas.settings.environment import layered, overrides
from atlas.settings.parsing import parse_record, read_text

_ENVIRONMENT_SECTION = "EXPERIMENT"

Seed: TypeAlias = Annotated[int, Field(ge=0, lt=2**31)]


class Section(BaseModel):
    """A part of a configuration: frozen, and unknown keys are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Section):
    """Bounds that a measured figure has to keep; at least one is given.

    Attributes:
        name: What the claim is called in the report.
        more_than: The figure has to be greater than this.
        at_least: It has to be at least this.
        at_most: It must not be greater than this.
    """

    name: str = Field(min_length=1)
    more_than: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.more_than is None and self.at_least is None and self.at_most is None:
            raise ValueError("a hypothesis needs one of more_than, at_least, at_most")
        return self


class LevelTarget(Target):
    """A hypothesis about one arm's strict success on the frozen test, as a share.

    Attributes:
        arm: The arm.
        families: Only those that the learner's language can express; None for all. Needs the compiled arm.
    """

    kind: Literal["level"]
    arm: Arm
    families: Literal["expressible"] | None = Field(default=None, exclude_if=lambda families: families is None)


class DifferenceTarget(Target):
    """A hypothesis about a paired difference of strict success on the frozen test, as a difference of shares.

    Attributes:
        arm: The arm that is compared.
        against: What it is compared with.
        bound: Which figure has to keep the bounds: the estimate, or an end of its interval.
        cluster: What counts as one independent observation.
    """

    kind: Literal["difference"]
    arm: Arm
    against: Arm
    bound: Literal["estimate", "low", "high"] = "estimate"
    cluster: Literal["blueprint", "company"] = "blueprint"


class GainShareTarget(Target):
    """A hypothesis about an arm's gain over memory-off as a share of the learned arm's gain.

    Attributes:
        arm: The arm.
        level: Only cases of this level (2 needs the company's conventions, 3 does not); None for all.
    """

    kind: Literal["share_of_gain"]
    arm: Arm
    level: Literal[1, 2, 3, 4] | None = None


Hypothesis: TypeAlias = Annotated[LevelTarget | DifferenceTarget | GainShareTarget, Discriminator("kind")]


class Preregistration(Section):
    """What was expected before the run, hashed into the report together with arms, seeds and sizes.

    Attributes:
        stopping: When the experiment ends, in words.
        hypotheses: The claims that will be checked.
    """

    stopping: str = Field(min_length=1)
    hypotheses: tuple[Hypothesis, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [hypothesis.name for hypothesis in self.hypotheses]
        if len(set(names)) != len(names):
            raise ValueError(f"two hypotheses share a name: {', '.join(sorted(names))}")
        return self


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
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    preregistration: Preregistration | None = None
    adversity: AdversityOptions | None = None
    execution: Execution = Execution()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for what, values in (("company seed", self.company_seeds), ("arm", self.arms)):
            if len(set(values)) != len(values):
                raise ValueError(f"a {what} is listed twice: {', '.join(str(value) for value in values)}")
        if Arm.MEMORY_OFF not in self.arms:
            raise ValueError("arms need 'memory_off': every other arm is paired with it")
        for arm in (Arm.SHUFFLED, Arm.WRONG_COMPANY):
            if arm in self.arms and Arm.LEARNED not in self.arms:
                raise ValueError(f"arm {arm.value!r} needs 'learned': it uses what that arm learned")
        for hypothesis in self.preregistration.hypotheses if self.preregistration is not None else ():
            of_families = isinstance(hypothesis, LevelTarget) and hypothesis.families is not None
            if of_families and Arm.COMPILED not in self.arms:
                raise ValueError(
                    f"hypothesis {hypothesis.name!r} needs arm 'compiled', which shows what families are expressible"
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
    from_environment = overrides(environment or {}, _ENVIRONMENT_SECTION)
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
    try:
        data = cast("object", yaml.safe_load(read_text(path)))
    except yaml.YAMLError as exc:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: an experiment file holds keys and values, got {data!r}")
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


def _reject_unknown(data: JsonObject, where: str) -> None:
    known = known_keys()
    by_leaf = {path.rpartition(".")[2]: path for path in reversed(known)}
    problems: list[str] = []
    for path in dict.fromkeys(_given(data, "", frozenset(known))):
        if path not in known:
            guess = nearest_name(path.rpartition(".")[2], by_leaf)
            hint = f"did you mean {by_leaf[guess]!r}?" if guess else f"known: {', '.join(known)}"
            problems.append(f"unknown key {path!r}; {hint}")
    if problems:
        raise ConfigError(f"{where}: " + "; ".join(problems))


def _given(data: object, prefix: str, known: frozenset[str]) -> Iterator[str]:
    """Dotted paths of the keys in ``data``; what stands under an unknown key is not looked at."""
    if isinstance(data, Mapping):
        for key, value in cast("Mapping[object, object]", data).items():
            path = f"{prefix}{key}"
            yield path
            if path in known:
                yield from _given(value, f"{path}.", known)
    elif isinstance(data, (list, tuple)):
        for item in cast("list[object]", data):
            yield from _given(item, prefix, known)
