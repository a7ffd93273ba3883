"""Experiment files: what they may say, what wins, and what an error tells."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from atlas.core.errors import ConfigError, InputFileError
from atlas.crm.faults import FaultPlan
from atlas.crm.permissions import POLICIES
from atlas.evaluation.config import (
    DEFAULT_ARMS,
    ExperimentConfig,
    find_experiment,
    known_keys,
    load_experiment,
    parse_experiment,
    shipped_experiments,
)
from atlas.evaluation.records import Arm
from atlas.scenarios.stage import Adversity

SMALLEST = {"name": "x", "company_seeds": [1, 2], "corpus": {"stream": 10, "test_same": 5}}


def claiming(**hypothesis: object) -> dict[str, object]:
    return {"preregistration": {"stopping": "end", "hypotheses": [{"name": "x", **hypothesis}]}}


def parse(**changes: object) -> ExperimentConfig:
    return parse_experiment({**SMALLEST, **changes}, "x.yaml")


@pytest.mark.parametrize("name", ["demo", "demo-small", "dev", "reporting", "reporting-families"])
def test_every_shipped_experiment_is_valid_and_named_like_its_file(name: str) -> None:
    """A shipped file runs as it is, and has hypotheses, so that it gets a headline."""
    config = load_experiment(name)
    assert config.name == name
    assert config.preregistration_hash


def test_shipped_experiments_keep_development_and_reporting_companies_apart() -> None:
    """Nobody can look at a reporting company while tuning."""
    assert load_experiment("dev").company_seeds == tuple(range(10))
    reporting, by_family = (load_experiment(name).company_seeds for name in ("reporting", "reporting-families"))
    assert min(reporting + by_family) >= 100
    assert len(reporting) >= 10
    assert not set(reporting) & set(by_family)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"compnay_seeds": [1]}, r"x\.yaml: unknown key 'compnay_seeds'; did you mean 'company_seeds'\?"),
        ({"strem": 3}, r"unknown key 'strem'; did you mean 'corpus\.stream'\?"),
        ({"corpus": {"stream": 3, "test_sam": 5}}, r"'corpus\.test_sam'; did you mean 'corpus\.test_same'\?"),
        (
            {"preregistration": {"stopping": "end", "hypotheses": [{"nmae": "x"}]}},
            r"'preregistration\.hypotheses\.nmae'; did you mean 'name'\?",
        ),
        ({"qqqqqq": 1}, r"unknown key 'qqqqqq'; known: name, company_seeds, corpus"),
        ({"company_seeds": []}, "company_seeds"),
        ({"company_seeds": [1, 1]}, "a company seed is listed twice: 1, 1"),
        ({"company_seeds": [-1]}, "company_seeds.0: .*greater than or equal to 0"),
        ({"company_seeds": ["7"]}, r"company_seeds.0: .*valid integer.*got '7'"),
        ({"corpus": {"stream": 0, "test_same": 5}}, "corpus.stream: .*greater than 0"),
        ({"arms": ["learned"]}, "arms need 'memory_off'"),
        ({"arms": ["memory_off", "shuffled"]}, "arm 'shuffled' needs 'learned'"),
        ({"arms": ["memory_off", "lerned"]}, r"arms\.1: .*'learned'"),
        ({"confidence": 95}, r"confidence: .*less than or equal to 0\.9999 \(got 95\)"),
        ({"name": "../escape"}, "name: "),
        ({"execution": {"workers": 0}}, "execution.workers"),
        (
            {
                "preregistration": {
                    "stopping": "end",
                    "hypotheses": [
                        {"kind": "level", "name": "x", "arm": "learned", "families": "expressible", "at_least": 0.9}
                    ],
                }
            },
            "hypothesis 'x' needs arm 'compiled'",
        ),
        (
            {"preregistration": {"stopping": "end", "hypotheses": [{"kind": "level", "name": "x", "arm": "learned"}]}},
            "needs one of more_than, at_least, at_most",
        ),
        (
            claiming(kind="level", arm="learned", at_least=math.nan),
            r"hypotheses\.0\.at_least: .*finite number \(got nan\)",
        ),
        (claiming(kind="level", arm="learned", more_than=math.inf), r"more_than: .*finite number \(got inf\)"),
        ({"adversity": {"faults": {"rate": math.nan}}}, r"adversity\.faults\.rate: .*finite number \(got nan\)"),
        ({"confidence": 0.9999999999999999}, r"confidence: .*less than or equal to 0\.9999"),
        (claiming(kind="level", arm="learned", at_least=90), "hypothesis 'x': at_least is a share from 0 to 1, not 90"),
        (
            claiming(kind="difference", arm="learned", against="memory_off", at_least=30),
            "at_least is a difference of shares from -1 to 1, not 30",
        ),
        (
            claiming(kind="share_of_gain", arm="shuffled", at_least=1.5),
            "a share of the learned gain from -1 to 1, not 1.5",
        ),
        (
            claiming(kind="level", arm="learned", at_least=0.6, at_most=0.5),
            "'x' can never be met: at_least 0.6 and at_most",
        ),
        (
            claiming(kind="level", arm="learned", more_than=0.5, at_most=0.5),
            "'x' can never be met: more_than 0.5 and at_",
        ),
        (
            claiming(kind="difference", arm="learned", against="learned", at_least=0),
            "compares arm 'learned' with itself",
        ),
        (claiming(kind="share_of_gain", arm="learned", at_most=0.5), "compares arm 'learned' with itself"),
        (
            {**claiming(kind="level", arm="learned", at_least=0.5), "arms": ["memory_off"]},
            r"^x\.yaml: hypothesis 'x' needs arm 'learned', which does not run; add it to arms, or leave",
        ),
        (
            {
                **claiming(kind="difference", arm="learned", against="shuffled", at_least=0),
                "arms": ["memory_off", "learned"],
            },
            "hypothesis 'x' needs arm 'shuffled', which does not run",
        ),
        (
            {**claiming(kind="share_of_gain", arm="do_nothing", at_most=0.5), "arms": ["memory_off", "do_nothing"]},
            "hypothesis 'x' needs arm 'learned', which does not run",
        ),
        ({"arms": ["memory_off", "memory_off"]}, "^x.yaml: an arm is listed twice: memory_off, memory_off$"),
        ({"company_seeds": [-3]}, r"^x\.yaml: company_seeds\.0: Input should be [^;]* \(got -3\)$"),
        ({"name": {"qqqq": 1}}, "unknown key 'name.qqqq'; 'name' holds a value and no keys"),
        ({"name": b"x"}, r"name: Input should be a text, not bytes \(got b'x'\)"),
        ({"adversity": {"faults": {"rat": 0.1}}}, r"'adversity\.faults\.rat'; did you mean 'adversity\.faults\.rate'"),
        ({"adversity": {"faults": {"rate": 20}}}, r"faults\.rate is a share from 0 to 1, not 20"),
        ({"adversity": {"faults": {"weights": {"lost": 1}}}}, r"did you mean 'adversity\.faults\.weights\.lost_reply'"),
        ({"adversity": {"permissions": "teritories"}}, r"adversity\.permissions: .*'territories'"),
        ({"adversity": {"hostile": {"notes": -1}}}, r"hostile\.notes is a number from 0 to 50, not -1"),
    ],
    ids=[
        "typo",
        "typo-of-a-nested-key",
        "nested-typo",
        "typo-in-a-hypothesis",
        "nothing-near",
        "no-company",
        "company-twice",
        "negative-seed",
        "seed-as-text",
        "empty-stream",
        "no-baseline",
        "control-without-its-arm",
        "unknown-arm",
        "confidence-in-percent",
        "name-is-a-path",
        "no-workers",
        "expressible-without-compiled",
        "boundless-hypothesis",
        "bound-is-no-number",
        "bound-is-infinite",
        "rate-is-no-number",
        "confidence-near-one",
        "share-in-percent",
        "difference-in-points",
        "more-than-the-whole-gain",
        "bounds-crossed",
        "bounds-leave-nothing",
        "arm-against-itself",
        "share-of-itself",
        "level-of-an-arm-that-does-not-run",
        "difference-from-an-arm-that-does-not-run",
        "share-of-an-arm-that-does-not-run",
        "arm-twice",
        "one-problem-is-told-once",
        "keys-under-a-value",
        "bytes",
        "typo-in-a-fault-plan",
        "faults-in-percent",
        "unknown-fault",
        "unknown-policy",
        "fewer-than-no-notes",
    ],
)
def test_what_is_not_allowed_is_named(changes: dict[str, object], message: str) -> None:
    """The key, the value and what is allowed stand in the message."""
    with pytest.raises(ConfigError, match=message):
        parse(**changes)


def test_a_configuration_cannot_change_after_it_was_read() -> None:
    """Assigning to a key raises."""
    with pytest.raises(ValidationError, match="frozen"):
        parse().name = "y"  # type: ignore[misc]


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    """Flag > environment > file > default."""
    path = tmp_path / "x.yaml"
    path.write_text("name: x\ncompany_seeds: [1]\nwindow: 5\ncorpus: {stream: 10, test_same: 5}\n")
    environment = {"ATLAS_EXPERIMENT__CORPUS__STREAM": "20", "ATLAS_EXPERIMENT__WINDOW": "7", "STREAM": "9"}
    config = load_experiment(str(path), environment=environment, flags={"corpus": {"stream": 30}})
    assert (config.corpus.stream, config.window, config.corpus.test_same, config.confidence) == (30, 7, 5, 0.95)


def test_an_unknown_key_in_the_environment_is_an_error_that_says_where() -> None:
    """A misspelt variable is not ignored."""
    with pytest.raises(ConfigError, match=r"environment ATLAS_EXPERIMENT__.*'widow'; did you mean 'window'"):
        parse_experiment(SMALLEST, "x.yaml", environment={"ATLAS_EXPERIMENT__WIDOW": "7"})


def test_the_hash_covers_what_decides_the_results_and_nothing_else() -> None:
    """More workers are the same experiment; another company is another one."""
    assert parse().content_hash == parse(execution={"workers": 9}).content_hash
    assert parse().content_hash != parse(company_seeds=[1, 3]).content_hash


def test_adversity_is_part_of_both_hashes_and_its_absence_of_none() -> None:
    """Hashes from before there was any stay valid; what makes worlds hard was promised with the rest."""
    calm, hard = parse(), parse(adversity={"faults": {"rate": 0.1}, "permissions": "private"})
    assert (calm.worlds, calm.content_hash) == (None, parse(adversity=None).content_hash)
    assert hard.worlds == Adversity(FaultPlan(rate=0.1), POLICIES["private"], None)
    assert hard.content_hash != calm.content_hash
    claims = {"stopping": "end", "hypotheses": [{"kind": "level", "name": "x", "arm": "learned", "at_least": 0.5}]}
    promised = [parse(preregistration=claims, **more).preregistration_hash for more in ({}, {"adversity": {}})]
    assert promised[0] != promised[1]


def test_the_preregistration_hash_covers_claims_arms_seeds_and_sizes() -> None:
    """Nobody can change what was promised, or on what, without changing the hash; the window may change."""
    claims = {
        "stopping": "end",
        "hypotheses": [{"kind": "level", "name": "x", "arm": "learned", "at_least": 0.5}],
    }
    base = parse(preregistration=claims).preregistration_hash
    assert parse().preregistration_hash is None
    assert parse(preregistration=claims, window=3).preregistration_hash == base
    for changed in (
        parse(preregistration={**claims, "stopping": "later"}),
        parse(preregistration=claims, company_seeds=[5]),
        parse(preregistration=claims, arms=["memory_off", "learned"]),
        parse(preregistration=claims, corpus={"stream": 11, "test_same": 5}),
    ):
        assert changed.preregistration_hash not in (base, None)


def test_a_file_that_is_not_there_is_named_with_what_is_shipped(tmp_path: Path) -> None:
    """Neither a path nor a name."""
    with pytest.raises(InputFileError, match=r"no experiment file 'dmo'; did you mean 'demo'\? Shipped: demo, "):
        find_experiment("dmo")
    with pytest.raises(InputFileError, match="no experiment file"):
        find_experiment(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(("text", "message"), [("[1]", "keys and values"), ("a: [", "not valid YAML")])
def test_a_file_that_is_no_mapping_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """A list, and something that is no YAML."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_experiment(str(path))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("name: x", "name: &a [*a]"), "nested too deep, or an alias"),
        (("name: x", "name: !!binary aGVsbG8="), "name: Input should be a text, not bytes"),
        (("name: x", "name: " + 3000 * "["), "cannot be read: it is nested too deep"),
        (("[1, 2]", 3000 * "[" + 3000 * "]"), "cannot be read: it is nested too deep"),
        (("[1, 2]", "9" * 5000), r"'9{79}\.\.\. cannot be read as a value of the kind 'int' at line 2, column 16"),
        (("[1, 2]", "[0x" + 5000 * "f" + "]"), "a number of too many digits"),
        (("[1, 2]", "2026-13-45"), "'2026-13-45' cannot be read as a value of the kind 'timestamp' at line 2"),
        (("[1, 2]", "[1]\ncompany_seeds: [2]"), "the key 'company_seeds' of line 2 is given again at line 3, column 1"),
        (("test_same: 5", "test_same: 5, stream: 6"), "the key 'stream' of line 3 is given again at line 3, column 36"),
    ],
    ids=["endless", "bytes", "open", "deep", "digits", "hexadecimal", "no-date", "key-twice", "nested-key-twice"],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, changed: tuple[str, str], message: str) -> None:
    """With the file, and the place where there is one; never a traceback."""
    path = tmp_path / "x.yaml"
    path.write_text("name: x\ncompany_seeds: [1, 2]\ncorpus: {stream: 10, test_same: 5}\n".replace(*changed))
    with pytest.raises(ConfigError, match=message) as caught:
        load_experiment(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < len(str(path)) + 300


@pytest.mark.parametrize("value", [3000 * "[", "9" * 5000, "2026-13-45"], ids=["deep", "digits", "no-date"])
def test_a_variable_that_cannot_be_read_is_told(value: str) -> None:
    """As in a file."""
    with pytest.raises(ConfigError, match=r"environment ATLAS_EXPERIMENT__\.\.\.: a value is nested too deep, or"):
        parse_experiment(SMALLEST, "x.yaml", environment={"ATLAS_EXPERIMENT__NAME": value})


def test_arms_can_be_overridden_where_the_hypotheses_still_fit() -> None:
    """The variable that takes an arm away that a hypothesis needs is refused; others work."""
    data = {**SMALLEST, **claiming(kind="level", arm="learned", at_least=0.5)}
    fitting = {"ATLAS_EXPERIMENT__ARMS": "[memory_off, learned]"}
    assert parse_experiment(data, "x.yaml", environment=fitting).arms == (Arm.MEMORY_OFF, Arm.LEARNED)
    with pytest.raises(ConfigError, match="hypothesis 'x' needs arm 'learned'"):
        parse_experiment(data, "x.yaml", environment={"ATLAS_EXPERIMENT__ARMS": "[memory_off]"})
    without = {"ATLAS_EXPERIMENT__ARMS": "[memory_off]", "ATLAS_EXPERIMENT__PREREGISTRATION": "null"}
    assert parse_experiment(data, "x.yaml", environment=without).arms == (Arm.MEMORY_OFF,)


def test_an_unknown_key_is_told_in_a_line() -> None:
    """Its neighbours are named, not every key there is."""
    with pytest.raises(ConfigError) as caught:
        parse(corpus={"stream": 3, "test_same": 5, "qqqqqq": 1})
    assert str(caught.value) == (
        "x.yaml: unknown key 'corpus.qqqqqq'; known: stream, test_same, dev, records, profile, reskin, compiled; what "
        "they mean: python -m pydoc atlas.evaluation.config"
    )


def test_shipped_files_use_known_keys_only_and_all_arms_by_default() -> None:
    """A control that is left out would have to be left out on purpose; compiling takes too long for a demonstration."""
    assert "corpus.stream" in known_keys()
    arms = {name: load_experiment(name).arms for name in shipped_experiments()}
    assert arms.pop("dev") == arms.pop("reporting") == tuple(Arm)
    assert arms.pop("reporting-families") == (Arm.MEMORY_OFF, Arm.LEARNED, Arm.COMPILED)  # controls are not per family
    assert all(those == DEFAULT_ARMS for those in arms.values())


def test_what_only_the_compiled_arm_uses_changes_no_other_experiment() -> None:
    """The number of solved cases is part of what identifies an experiment only where something is compiled."""
    data: dict[str, object] = {"name": "x", "company_seeds": [1], "corpus": {"stream": 9, "test_same": 9}}
    more: dict[str, object] = {**data, "corpus": {"stream": 9, "test_same": 9, "compiled": 7}}
    assert parse_experiment(data, "x").content_hash == parse_experiment(more, "x").content_hash
    arms = {"arms": ["memory_off", "compiled"]}
    assert parse_experiment({**data, **arms}, "x").content_hash != parse_experiment({**more, **arms}, "x").content_hash
