"""The check of stores passes what is right, catches what is wrong, and shows what it looked at."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import ModuleType

import pytest

from atlas.core.errors import MissingExtraError, MisuseError, NoFreeSlotError, StorageError
from atlas.crm.fields import FieldKind
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row
from atlas.crm.schema import SCHEMA
from atlas.crm.sessions import MemorySessions
from atlas.crm.store import Operator, Store
from atlas.crm.tools.registry import TOOLS
from atlas.testing import StoreMismatchError, check_store
from atlas.testing.drawing import _ORDERS
from atlas.testing.mutated_store import MutantSessions, MutatedStore
from atlas.testing.store_mutants import SESSION_MUTANTS, STORE_MUTANTS, mutated
from atlas.testing.stores import REFUSED

SEQUENCES = 600  # within which every mutant has to be caught


def test_a_right_store_passes_and_the_report_shows_that_it_was_put_to_work() -> None:
    """The same store on both sides: no difference, every tool used with success, every verb and operator used."""
    sequences = 400
    report = check_store(MemorySessions(), sequences=sequences, seed=1)
    assert report.sequences == sequences
    assert report.calls > 3 * sequences
    assert 0.4 < report.succeeded / report.calls < 0.9, "good calls and bad ones"
    assert set(report.tools) == set(TOOLS)
    assert [name for name, count in report.tools.items() if count.succeeded == 0] == []
    assert set(report.operators) == {operator.value for operator in Operator}
    assert set(report.steps) >= {"Select", "SelectChanged", "Get", "Put", "Remove", "Mark", "GoBack", "LookAside"}
    assert len(report.error_codes) > 12
    assert min(report.changes, report.patched_rows) > sequences // 2


def test_a_layer_that_changes_nothing_passes() -> None:
    """What catches the mutants below is what they do, not that they are layers."""
    assert check_store(MutantSessions(MemorySessions(), MutatedStore), sequences=100, seed=2).sequences == 100


@pytest.mark.parametrize("name", [*STORE_MUTANTS, *SESSION_MUTANTS])
def test_every_mutant_is_caught(name: str) -> None:
    """A store that is wrong in a single operation does not pass."""
    with pytest.raises(StoreMismatchError) as caught:
        check_store(mutated(name, MemorySessions()), sequences=SEQUENCES, seed=3, shrink=False)
    assert caught.value.report.sequences <= SEQUENCES


def test_a_failure_is_told_by_a_short_sequence() -> None:
    """The message names company, steps and difference; nothing is in it that the failure does not need."""
    with pytest.raises(StoreMismatchError) as caught:
        check_store(mutated("RollsBackPartly", MemorySessions()), sequences=SEQUENCES, seed=3)
    message = str(caught.value)
    assert caught.value.what == "rows after going back"
    assert message.startswith("rows after going back differs in sequence ")
    steps = [line.split(". ", 1)[1] for line in message.splitlines() if line[:3].strip().isdigit()]
    assert steps[:2] == ["begin", "savepoint"]
    assert steps[2].startswith(("store.write(", "call "))
    assert steps[3:] == ["roll back to savepoint 0 (0 is the last one)"]
    assert "\nexpected " in message
    assert "\n     got " in message


def test_equal_arguments_play_equal_sequences() -> None:
    """A run can be repeated from its seed, down to the last count and to the text of a failure."""
    first, again, other = (check_store(MemorySessions(), sequences=25, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert str(first) == str(again)
    assert first.tools != other.tools
    assert len({_failure(5), _failure(5)}) == 1


def _failure(seed: int) -> str:
    with pytest.raises(StoreMismatchError) as caught:
        check_store(mutated("CountsPage", MemorySessions()), sequences=SEQUENCES, seed=seed)
    return str(caught.value)


class _Failing(MutatedStore):
    """A store that raises when a note is written."""

    def __init__(self, inner: Store, error: Exception) -> None:
        super().__init__(inner)
        self._error = error

    def write(self, entity: Entity, row_id: str, row: Row | None, *, cause: str) -> None:
        if entity is Entity.NOTE:
            raise self._error
        super().write(entity, row_id, row, cause=cause)


def test_a_store_that_refuses_a_write_is_reported_like_one_that_errs() -> None:
    """A database that says no is a difference, with the sequence that leads there."""
    sessions = MutantSessions(MemorySessions(), lambda store: _Failing(store, StorageError("no notes today")))
    with pytest.raises(StoreMismatchError, match="no notes today") as caught:
        check_store(sessions, sequences=SEQUENCES, seed=3)
    assert caught.value.what == REFUSED
    assert len([line for line in str(caught.value).splitlines() if line[:3].strip().isdigit()]) <= 3


@pytest.mark.parametrize("error", [NoFreeSlotError("every copy is in use"), KeyError("a bug")], ids=["slots", "bug"])
def test_an_error_that_is_no_difference_is_raised_on_with_the_sequence(error: Exception) -> None:
    """A crash keeps its traceback, and gains what was played until then."""
    sessions = MutantSessions(MemorySessions(), lambda store: _Failing(store, error))
    with pytest.raises(type(error)) as caught:
        check_store(sessions, sequences=SEQUENCES, seed=3)
    assert any("0. begin" in note for note in getattr(caught.value, "__notes__", []))


class _Forgetful:
    """Sessions that show a difference once, and never again."""

    def __init__(self) -> None:
        self._begun = 0

    def begin_session(self, base: FrozenBase, patch: object = (), *, reset: bool = False) -> Store:
        del patch, reset
        self._begun += 1
        return FrozenBase.build({Entity.NOTE: [{"note_id": "once"}]}).fork() if self._begun == 4 else base.fork()

    def rollback_session(self, store: Store) -> None:
        del store


def test_a_difference_that_does_not_show_again_is_a_failure() -> None:
    """A store that is wrong now and then is wrong."""
    with pytest.raises(StoreMismatchError, match="once"):
        check_store(_Forgetful(), sequences=50, seed=0)


@pytest.mark.parametrize(("sequences", "companies"), [(0, 1), (1, 0)], ids=["sequences", "companies"])
def test_a_check_of_nothing_is_refused(sequences: int, companies: int) -> None:
    """A check cannot pass by playing nothing."""
    with pytest.raises(MisuseError, match="at least one"):
        check_store(MemorySessions(), sequences=sequences, companies=companies)


def test_without_hypothesis_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit imports without it; the check says what to install."""
    real = builtins.__import__

    def refuse(name: str, *arguments: object) -> ModuleType:
        if name == "atlas.testing.drawing":
            raise ModuleNotFoundError("No module named 'hypothesis'", name="hypothesis")
        load: Callable[..., ModuleType] = real
        return load(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"atlas-crm\[testing\]"):
        check_store(MemorySessions(), sequences=1)


def test_every_field_is_sorted_by_in_both_directions() -> None:
    """The orders that are drawn reach all fields of the widest record, rising and falling."""
    widths = [sum(field.kind is not FieldKind.NAMES for field in entry.fields) for entry in SCHEMA.values()]
    for width in widths:
        reached = {(number // 2 % width, number % 2) for number in range(_ORDERS + 1)}
        assert reached == {(place, falling) for place in range(width) for falling in (0, 1)}
