"""Promises of the conventions: what they compute, what they enforce, how they are drawn."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.scenarios.companies import generate_company
from atlas.scenarios.conventions import (
    AmountRounding,
    Convention,
    DealNaming,
    QuarterEnd,
    StageLadder,
    StandardQuote,
    Superlative,
    Vocabulary,
)
from atlas.scenarios.conventions.deals import CLOSED_STAGES, OPEN_STAGES, STAGES
from atlas.scenarios.enforcement import world_rules
from atlas.scenarios.handbook import render_handbook

SEEDS = range(30)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(DAYS, st.integers(1, 12))
def test_a_quarter_ends_on_the_last_day_of_a_month_within_three_months(today: date, first_month: int) -> None:
    """The fiscal quarter's end is never before today, at most a quarter away, and ends the right month."""
    end = date.fromisoformat(QuarterEnd(first_month).last_day(today))
    assert today <= end <= today + timedelta(days=92)
    assert (end + timedelta(days=1)).day == 1
    assert (end.month + 1 - first_month) % 3 == 0


@given(st.integers(1, 10**9), st.sampled_from((10_000, 25_000, 50_000, 100_000)), st.sampled_from(("up", "down")))
def test_rounding_gives_the_nearest_multiple_in_its_direction(cents: int, step: int, direction: str) -> None:
    """Rounded amounts are multiples, less than a step away, on the promised side."""
    rule = AmountRounding(step, "up" if direction == "up" else "down")
    rounded = rule.round_cents(cents)
    assert rounded % step == 0
    assert 0 <= (rounded - cents if direction == "up" else cents - rounded) < step


@pytest.mark.parametrize("start", OPEN_STAGES)
@pytest.mark.parametrize("end", STAGES)
def test_the_steps_of_a_ladder_are_allowed_transitions(start: str, end: str) -> None:
    """Walking from any open stage to any other one uses allowed transitions only and arrives."""
    if start == end:
        return
    ladder = StageLadder("walk")
    path = (start, *ladder.steps(start, end))
    assert path[-1] == end
    assert all(after in ladder.transitions()[before] for before, after in itertools.pairwise(path))


@given(st.sampled_from(("{client} / {product} / {year}", "{year} {client}: {product}", "{client} - {product} [KLM]")))
def test_names_by_a_template_match_its_pattern_and_clones_do_too(template: str) -> None:
    """What the world demands of a name is met by what the convention renders; a bare product is rejected."""
    naming = DealNaming(template)
    name = naming.render("Halden Foods (North)", "Badge Access Upgrade", date(2026, 3, 2))
    assert re.fullmatch(naming.pattern, name)
    assert re.fullmatch(naming.pattern, f"{name} (Clone)")
    assert not re.fullmatch(naming.pattern, "Badge Access Upgrade")


def test_a_standard_quote_is_exact() -> None:
    """No fraction of a cent is made up."""
    assert StandardQuote("house quote", 85, natural=True).amount_cents(1_000_000) == 850_000


@pytest.fixture(scope="module")
def drawn() -> Sequence[tuple[Convention, ...]]:
    """The conventions of many companies."""
    return [generate_company(seed).conventions for seed in SEEDS]


def test_every_company_has_ten_conventions_of_both_kinds(drawn: Sequence[tuple[Convention, ...]]) -> None:
    """At least ten, no kind twice, some enforced by the world, some only expected."""
    for conventions in drawn:
        kinds = [convention.kind for convention in conventions]
        assert len(kinds) >= 10
        assert len(set(kinds)) == len(kinds)
        assert {convention.enforced for convention in conventions} == {True, False}


def test_every_company_keeps_something_confidential(drawn: Sequence[tuple[Convention, ...]]) -> None:
    """Else a corpus may have no failure of that group."""
    for conventions in drawn:
        assert {"confidentiality", "discretion"} & {convention.kind for convention in conventions}


def test_companies_differ_in_what_they_have_and_how(drawn: Sequence[tuple[Convention, ...]]) -> None:
    """Neither the mix nor the parameters of a convention are the same everywhere."""
    assert len({tuple(each.kind for each in conventions) for conventions in drawn}) > len(SEEDS) // 3
    validities = {each for conventions in drawn for each in conventions if each.kind == "quote_validity"}
    assert len(validities) > 5


def test_exactly_the_enforced_conventions_become_rules_of_the_world(
    drawn: Sequence[tuple[Convention, ...]],
) -> None:
    """An expected convention is never enforced by accident, nor the other way round."""
    for conventions in drawn:
        for convention in conventions:
            assert bool(world_rules([convention])) is convention.enforced, convention.kind


def test_half_of_the_house_words_are_invented(drawn: Sequence[tuple[Convention, ...]]) -> None:
    """Opaque and natural words stay within one of each other, and no word means two things."""
    for conventions in drawn:
        (vocabulary,) = (each for each in conventions if isinstance(each, Vocabulary))
        natural = sum(term.natural for term in vocabulary.terms)
        assert abs(2 * natural - len(vocabulary.terms)) <= 1
        assert len({term.nickname for term in vocabulary.terms}) == len(vocabulary.terms)


def test_english_house_words_mean_other_things_elsewhere(drawn: Sequence[tuple[Convention, ...]]) -> None:
    """No list of nicknames can be hard-coded: the same English word stands for different values in two companies."""
    meanings: dict[str, set[str]] = {}
    for conventions in drawn:
        for convention in conventions:
            if isinstance(convention, Vocabulary):
                for term in convention.terms:
                    meanings.setdefault(term.nickname, set()).add(term.value)
    ambiguous = [word for word, values in meanings.items() if len(values) > 1]
    assert len(ambiguous) > 15


def test_a_reskin_keeps_the_kinds_and_replaces_every_word() -> None:
    """Reskinned, a company has the same kinds of conventions, invented words only, and none of the old words."""
    plain, other = generate_company(4), generate_company(4, reskin=11)
    assert [each.kind for each in plain.conventions] == [each.kind for each in other.conventions]
    assert plain.tenant != other.tenant
    words = [{term.nickname for term in _vocabulary(company.conventions).terms} for company in (plain, other)]
    assert words[0].isdisjoint(words[1])
    assert not any(term.natural for term in _vocabulary(other.conventions).terms)
    assert not any(each.natural for each in other.conventions if isinstance(each, (StandardQuote, Superlative)))


def _vocabulary(conventions: Sequence[Convention]) -> Vocabulary:
    return next(each for each in conventions if isinstance(each, Vocabulary))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_handbook_cites_one_paragraph_per_convention(seed: int) -> None:
    """Every convention has a numbered paragraph that names its parameters."""
    company = generate_company(seed)
    handbook = render_handbook(company)
    for number, convention in enumerate(company.conventions, start=1):
        assert f"[H-{number}]" in handbook
        assert convention.paragraph() in handbook
    for term in _vocabulary(company.conventions).terms:
        assert term.nickname in handbook
    assert set(CLOSED_STAGES) <= set(STAGES)
