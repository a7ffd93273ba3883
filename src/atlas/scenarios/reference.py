"""The parts of the reference page that are counted and listed from the code, and the JSON Schema of the files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import get_args

from pydantic import TypeAdapter

from atlas.scenarios.companies import CompanyFile
from atlas.scenarios.conventions import Convention
from atlas.scenarios.failures import FAILURES
from atlas.scenarios.families import FAMILIES, FAMILIES_AFTER_FREEZE
from atlas.scenarios.phrasebook import Phrasebook, load_phrasebook
from atlas.scenarios.records import Scenario
from atlas.verify.goals import SealedCase


def render_tables() -> str:
    """Return the tables of conventions, families and failure categories, in Markdown."""
    return "\n".join([*_conventions(), "", *_families(load_phrasebook()), "", *_failures(), ""])


def render_schema() -> str:
    """Return the JSON Schema of the lines of ``scenarios.jsonl``, ``goals.jsonl`` and ``companies.jsonl``."""
    files = {"scenarios.jsonl": Scenario, "goals.jsonl": SealedCase, "companies.jsonl": CompanyFile}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lines of the files of an Atlas corpus",
        "files": {name: TypeAdapter(cls).json_schema() for name, cls in files.items()},
    }
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def _conventions() -> Iterator[str]:
    classes = sorted(get_args(get_args(Convention)[0]), key=_kind_of)
    yield f"{len(classes)} kinds of conventions:"
    yield ""
    yield "| convention | kind | what it is about |"
    yield "|---|---|---|"
    for cls in classes:
        yield f"| `{_kind_of(cls)}` | {'enforced' if cls.enforced else 'expected'} | {_first_line(cls)} |"


def _families(phrasebook: Phrasebook) -> Iterator[str]:
    blueprints = sum(len(family.blueprints) for family in FAMILIES)
    wordings = sum(len(phrasebook.wordings(family, name)) for family, name in phrasebook.blueprints())
    late = f", * the\n{len(FAMILIES_AFTER_FREEZE)} families that were added after the learner was frozen"
    marks = f"(f) marks failures{late if FAMILIES_AFTER_FREEZE else ''}"
    yield f"{len(FAMILIES)} families, {blueprints} blueprints, {wordings} wordings; {marks}:"
    yield ""
    yield "| family | task | level | conventions needed | blueprints |"
    yield "|---|---|---|---|---|"
    for family in FAMILIES:
        needs = ", ".join(map(_kind_of, family.needs)) or "-"
        names = ", ".join(one.name + (" (f)" if one.category == "failure" else "") for one in family.blueprints)
        mark = " *" if family in FAMILIES_AFTER_FREEZE else ""
        levels = ", ".join(map(str, sorted({one.level or family.level for one in family.blueprints})))
        yield f"| `{family.name}`{mark} | {family.task.lower()} | {levels} | {needs} | {names} |"


def _failures() -> Iterator[str]:
    yield f"{len(FAILURES)} categories of failures:"
    yield ""
    yield "| category | group | severity | what is wrong | right behaviour | the world says | reason code |"
    yield "|---|---|---|---|---|---|---|"
    for one in FAILURES:
        validator = "nothing" if one.validator is None else one.validator.value
        verifier = "-" if one.verifier is None else one.verifier.value
        cells = (one.group.value, one.severity.value, one.mutation, one.expected.value, validator, verifier)
        yield f"| `{one.id}` | {' | '.join(cells)} |"


def _kind_of(cls: type) -> str:
    return next(str(field.default) for field in dataclasses.fields(cls) if field.name == "kind")


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().split("\n", maxsplit=1)[0]
