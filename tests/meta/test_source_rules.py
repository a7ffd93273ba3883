"""House rules that no linter knows, checked on the syntax tree of every module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "atlas"

LONGEST_MODULE = 500  # lines; the aim is 400
VAGUE_NAMES = {"common", "helper", "helpers", "misc", "new", "stuff", "tools_v2", "util", "utils", "v2"}

_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}

Rule = Callable[[ast.Module], Iterator[ast.AST]]


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _dotted(node.func) in names)


def _imported(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def prints(tree: ast.Module) -> Iterator[ast.AST]:
    yield from _calls(tree, {"print", "sys.stdout.write", "sys.stderr.write", "pprint.pprint"})


def reads_environment(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        attribute = isinstance(node, ast.Attribute) and _dotted(node) in {f"os.{name}" for name in _ENVIRONMENT}
        imported = isinstance(node, ast.ImportFrom) and node.module == "os" and _imported(node) & _ENVIRONMENT
        if attribute or imported:
            yield node


def catches_everything(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {"" if kind is None else _dotted(kind) for kind in caught}
        # Cleaning up and raising again swallows nothing.
        raises_again = any(isinstance(part, ast.Raise) and part.exc is None for part in node.body)
        if names & {"", "Exception", "BaseException"} and not raises_again:
            yield node


def reads_the_wall_clock(tree: ast.Module) -> Iterator[ast.AST]:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    return _calls(tree, clocks | {f"datetime.{name}" for name in clocks} | {"time.localtime", "time.gmtime"})


def draws_from_global_randomness(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            seeded = name in {"random.Random", "np.random.default_rng", "numpy.random.default_rng"} and bool(node.args)
            typed = name in {"np.random.Generator", "np.random.PCG64", "np.random.SeedSequence"} and bool(node.args)
            random = name.startswith(("random.", "np.random.", "numpy.random.", "secrets."))
            if (random and not seeded and not typed) or name in {"uuid.uuid1", "uuid.uuid4", "os.urandom"}:
                yield node


def does_something_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        acts = isinstance(node, (ast.With, ast.For, ast.While, ast.Try))
        if acts or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield node


RULES: dict[str, tuple[Rule, set[str], str]] = {
    # rule -> what finds a breach, where it is allowed (a room, or a module), a breach that must be found;
    # cli/main.py declares its commands by calls, the way its library wants it
    "nothing prints outside cli": (prints, {"cli"}, "print('x')"),
    "only settings reads the environment": (reads_environment, {"settings"}, "import os\nos.environ['X']"),
    "nothing swallows every error": (catches_everything, set(), "try:\n    f()\nexcept Exception:\n    pass"),
    "only the system clock reads the time": (reads_the_wall_clock, {"core/clock.py"}, "import time\ntime.time()"),
    "randomness is seeded and passed in": (draws_from_global_randomness, set(), "import random\nrandom.choice([1])"),
    "nothing runs at import": (does_something_at_import, {"cli/main.py"}, "import logging\nlogging.basicConfig()"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_source_keeps_the_rule(rule: str) -> None:
    """No module outside the allowed place breaks the rule."""
    find, allowed, _ = RULES[rule]
    breaches: list[str] = []
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        if place.parts[0] in allowed or place.as_posix() in allowed:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        breaches.extend(f"{place}:{getattr(node, 'lineno', 0)}" for node in find(tree))
    assert breaches == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_notices_a_breach(rule: str) -> None:
    """The check finds the plainest breach of its rule, so it can fail."""
    find, _, breach = RULES[rule]
    assert list(find(ast.parse(breach)))


def test_modules_are_short_named_and_explained() -> None:
    """Every module says what it is for, holds one idea, and is not named after nothing."""
    faults: list[str] = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if ast.get_docstring(ast.parse(text)) is None:
            faults.append(f"{path.relative_to(ROOT)}: no docstring")
        if lines > LONGEST_MODULE:
            faults.append(f"{path.relative_to(ROOT)}: {lines} lines, at most {LONGEST_MODULE}")
        if path.stem in VAGUE_NAMES or path.parent.name in VAGUE_NAMES:
            faults.append(f"{path.relative_to(ROOT)}: a name that says nothing")
    assert faults == []
