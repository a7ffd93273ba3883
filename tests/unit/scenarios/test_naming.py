"""Promises of atlas.scenarios.naming."""

from __future__ import annotations

import random

import pytest

from atlas.core.errors import CorpusError
from atlas.scenarios import naming
from atlas.scenarios.naming import NameMaker, share


@pytest.mark.parametrize(
    "words",
    [naming.FIRST_NAMES, naming.SURNAMES, naming.PRODUCT_AREAS, naming.PRODUCT_KINDS, naming.NATURAL_WORDS],
    ids=["first names", "surnames", "areas", "kinds", "natural words"],
)
def test_no_word_is_listed_twice(words: tuple[str, ...]) -> None:
    """A list with a repeated word would let two pools share it."""
    assert len(set(words)) == len(words)


def test_firms_are_never_taken_for_each_other() -> None:
    """A search for one firm's name (contains, any case) never finds another firm."""
    maker = NameMaker(random.Random(5), set())
    firms = [maker.firm(random.Random(n).choice(naming.INDUSTRIES)).casefold() for n in range(300)]
    assert not [(one, other) for one in firms for other in firms if one != other and one in other]


def test_a_sister_firm_starts_alike_and_is_another_firm() -> None:
    """The near-duplicate shares the first word and nothing more."""
    maker = NameMaker(random.Random(1), set())
    firm = maker.firm("Retail")
    sister = maker.sister_firm(firm, "Retail")
    assert sister != firm
    assert sister.split(" ")[0] == firm.split(" ")[0]


def test_an_exhausted_list_is_an_error_and_no_endless_loop() -> None:
    """A maker that finds nothing fresh says so."""
    maker = NameMaker(random.Random(1), {"only"})
    with pytest.raises(CorpusError, match="no fresh name"):
        maker.fresh(lambda _: "Only")


def test_shares_are_disjoint_and_lose_nothing() -> None:
    """Dealing words out into pools keeps every word and repeats none."""
    parts = share(naming.SURNAMES, random.Random(3), (9, 5, 7))
    assert sorted(word for part in parts for word in part) == sorted(naming.SURNAMES)


def test_opaque_words_give_nothing_away() -> None:
    """No invented house word contains a stage, a status or an industry."""
    rng = random.Random(2)
    words = [naming.opaque_word(rng) for _ in range(500)]
    telling = ("prospect", "qualif", "propos", "negot", "clos", "won", "lost", "sent", "draft", "activ")
    assert not [word for word in words for part in telling if part in word and len(part) > 3]
