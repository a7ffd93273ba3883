"""The process environment: the only module that reads or writes ``os.environ``.

A value is looked up as flag > environment > file > default. Flags have environment twins, which the command line names
in ``--help``. Keys of a configuration file are overridden by variables with ``__`` between the parts of their path:
``ATLAS_EXPERIMENT__CORPUS__STREAM=100`` stands for ``corpus: {stream: 100}`` in an experiment file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import cast

import yaml

from atlas.core.errors import ConfigError
from atlas.core.records import JsonObject

PREFIX = "ATLAS_"

_MATH_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def read_environment() -> Mapping[str, str]:
    """Return a copy of the process environment as it is now."""
    return dict(os.environ)


def limit_math_threads() -> None:
    """Let linear algebra in processes started from now on use one thread each, unless the environment says otherwise.

    Workers that each start a thread per core slow each other down, and the order of a parallel sum is not fixed.
    """
    for variable in _MATH_THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")


def overrides(environment: Mapping[str, str], section: str) -> dict[str, object]:
    """Return what the environment says about the keys of one kind of configuration file, nested as the file is.

    Args:
        environment: Variables and their texts.
        section: Which kind of file, such as ``"EXPERIMENT"``.

    Raises:
        ConfigError: a value is not YAML, or one variable sets a part of what another one sets.

    Example:
        >>> overrides({"ATLAS_EXPERIMENT__CORPUS__STREAM": "100", "HOME": "/"}, "EXPERIMENT")
        {'corpus': {'stream': 100}}
    """
    start = f"{PREFIX}{section}__"
    found: dict[str, object] = {}
    for variable in sorted(environment):
        if variable.startswith(start):
            value = _parse_value(variable, environment[variable])
            _put(found, variable.removeprefix(start).lower().split("__"), value, variable)
    return found


def layered(base: JsonObject, over: JsonObject) -> dict[str, object]:
    """Return ``base`` with the values of ``over`` put over it, key by key at every depth.

    Example:
        >>> layered({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 9}, "d": [2, 3]})
        {'a': {'b': 9, 'c': 2}, 'd': [2, 3]}
    """
    result: dict[str, object] = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = layered(cast("JsonObject", below), cast("JsonObject", value))
        else:
            result[key] = value
    return result


def _parse_value(variable: str, text: str) -> object:
    try:
        return cast("object", yaml.safe_load(text))
    except yaml.YAMLError as exc:
        raise ConfigError(f"environment variable {variable}: {text!r} is not a YAML value") from exc


def _put(tree: dict[str, object], path: list[str], value: object, variable: str) -> None:
    node = tree
    for part in path[:-1]:
        below = node.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigError(f"environment variable {variable} sets a part of {part!r}, which another variable sets")
        node = cast("dict[str, object]", below)
    node[path[-1]] = value
