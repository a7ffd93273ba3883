"""Values from the environment."""

from __future__ import annotations

import os

import pytest

from atlas.core.errors import ConfigError
from atlas.settings.environment import layered, limit_math_threads, overrides, read_environment


def test_only_variables_of_the_section_count() -> None:
    """Another section, a flag's twin and anybody else's variable are left alone."""
    environment = {
        "ATLAS_EXPERIMENT__NAME": "mine",
        "ATLAS_RUN__NAME": "other",
        "ATLAS_SEED": "7",
        "PATH": "/bin",
    }
    assert overrides(environment, "EXPERIMENT") == {"name": "mine"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("0.5", 0.5), ("[1, 2]", [1, 2]), ("true", True), ("word", "word"), ("", None)],
)
def test_values_are_read_as_in_a_file(text: str, value: object) -> None:
    """Numbers, lists and words have the types that YAML gives them."""
    assert overrides({"ATLAS_X__A__B": text}, "X") == {"a": {"b": value}}


def test_a_value_that_is_no_yaml_names_its_variable() -> None:
    """The variable and its text stand in the message."""
    with pytest.raises(ConfigError, match=r"ATLAS_X__A: '\[1' is not a YAML value"):
        overrides({"ATLAS_X__A": "[1"}, "X")


def test_two_variables_that_contradict_each_other_are_an_error() -> None:
    """One sets a whole, the other a part of it."""
    with pytest.raises(ConfigError, match="ATLAS_X__A__B sets a part of 'a'"):
        overrides({"ATLAS_X__A": "1", "ATLAS_X__A__B": "2"}, "X")


def test_layering_leaves_its_arguments_alone() -> None:
    """A new mapping is returned."""
    base = {"a": {"b": 1}}
    assert layered(base, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert base == {"a": {"b": 1}}


def test_thread_limits_do_not_overrule_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that is set stays; others become 1."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("MKL_NUM_THREADS", "x")  # so that the change is undone after the test
    monkeypatch.delenv("MKL_NUM_THREADS")
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        monkeypatch.setenv(name, "1")
    limit_math_threads()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("3", "1")


def test_the_environment_is_a_copy() -> None:
    """Changing what was read changes nothing outside."""
    copy = dict(read_environment())
    copy["ATLAS_NEVER_SET"] = "1"
    assert "ATLAS_NEVER_SET" not in os.environ
