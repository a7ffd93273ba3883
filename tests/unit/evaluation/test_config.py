"""Experiment files: what they may say, what wins, and what an error tells."""

from __future__ import annotations

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
        ({"confidence": 95}, "confidence: .*less than 1"),
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
