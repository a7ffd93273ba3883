"""What the names of a house look like: learned from records, used only where two different records showed it."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.learning.associations import Associations, AssociationThresholds, KnownWords
from atlas.learning.language import SpanType
from atlas.learning.perception import CLIENT, TITLE, Familiar, perceive
from atlas.learning.sightings import PublicWords, mark_case

PUBLIC = PublicWords([])
NO_WORDS = frozenset[str]()


def _words(*names: tuple[str, str]) -> Associations:
    words = Associations(AssociationThresholds())
    for kind, name in names:
        words.see_name(kind, name, PUBLIC)
    return words


def _familiar(*names: tuple[str, str]) -> Familiar:
    return _words(*names).familiar(NO_WORDS)


def _first_name(text: str, familiar: Familiar) -> str:
    return next(span.text for span in perceive(text, date(2026, 3, 2), familiar).of_type(SpanType.NAME))


def test_a_shape_is_revealed_by_two_different_records() -> None:
    """Seen once, or twice for one record, it is not known, and its text is not kept."""
    once = ("opportunity", "2026 Harbor: Yard")
    words = _words(once, once)
    assert words.familiar(NO_WORDS).shapes == ()
    assert all(row.key.value is None for row in words.rows())
    words.see_name("opportunity", "2025 Cedar: Dock", PUBLIC)
    assert words.familiar(NO_WORDS).shapes == (("Y W: W", "opportunity"),)


def test_last_words_tell_clients() -> None:
    seen = _familiar((CLIENT, "Harbor Cranes"), (CLIENT, "Cedar Cranes"), (CLIENT, "Bolt"))
    assert dict(seen.endings) == {"cranes": CLIENT}
    assert seen.kind_of("Zenith Cranes") == CLIENT
    assert seen.kind_of("Moss Lund") == ""


@pytest.mark.parametrize(("clients", "kind"), [(2, ""), (3, CLIENT)], ids=["a-half", "three-fifths"])
def test_the_majority_says_what_a_word_speaks_for(clients: int, kind: str) -> None:
    """A word that names of two kinds end in speaks for the commoner one, and only where that is common enough."""
    seen = [(CLIENT, f"Firm{number} Cranes") for number in range(clients)]
    others = [("opportunity", f"Sale{number} Cranes") for number in range(2)]
    assert _familiar(*seen, *others).kind_of("Bolt Cranes") == kind


def test_a_value_is_known_when_two_records_have_it() -> None:
    words = Associations(AssociationThresholds())
    words.see_value(TITLE, "Buyer", mark_case(("Ada Moss",)), PUBLIC)
    words.see_value(TITLE, "Buyer", mark_case(("Ada Moss",)), PUBLIC)
    assert words.familiar(NO_WORDS).kind_of("Buyer") == ""
    words.see_value(TITLE, "buyer", mark_case(("Pia Lund",)), PUBLIC)
    assert words.familiar(NO_WORDS).kind_of("BUYER") == TITLE


def test_names_may_begin_with_words_that_open_sentences() -> None:
    """Where two records are called so, the word belongs to the name, and to no other name that follows it."""
    deals = ("Shift Planning Rollout", "2026 Harbor Cranes: Shift Planning Refresh", "Cedar Dock Audit")
    once = _familiar(*(("opportunity", name) for name in deals[:1] * 2))
    assert once.beginnings == frozenset()
    seen = _familiar(*(("opportunity", name) for name in deals))
    assert seen.beginnings == {"shift planning"}
    for text, name in (
        ("Shift Planning Upgrade, 54890, please.", "Shift Planning Upgrade"),
        ("A second one: Shift Planning Pilot, 54890.", "Shift Planning Pilot"),
        ("Please Shift Planning Pilot, as they say.", "Shift Planning Pilot"),
        ("Shift Harbor Planning to Proposal.", "Harbor Planning"),
    ):
        assert _first_name(text, seen) == name
    assert _first_name("Shift Planning Upgrade, please.", once) == "Planning Upgrade"


def test_what_is_familiar_is_the_same_object_until_it_changes() -> None:
    """Messages are read once per object, so only looks of names and the public words may replace it."""
    words = _words((CLIENT, "Harbor Cranes"))
    first = words.familiar(NO_WORDS)
    words.see_text(perceive("hello", date(2026, 3, 2)))
    words.see("word:stage", PUBLIC.guard("amber"), PUBLIC.guard("x"), ("m",))
    assert words.familiar(NO_WORDS) is first
    words.see_name(CLIENT, "Cedar Cranes", PUBLIC)
    second = words.familiar(NO_WORDS)
    assert second is not first
    assert second.kind_of("Bolt Cranes") == CLIENT
    other = words.familiar(frozenset({"sent"}))
    assert other.public == {"sent"}
    assert KnownWords(words, {}).familiar(frozenset({"sent"})) is other


def test_looks_of_names_survive_a_copy_of_the_counts() -> None:
    words = _words((CLIENT, "Harbor Cranes"), (CLIENT, "Cedar Cranes"))
    again = Associations(AssociationThresholds())
    assert again.familiar(NO_WORDS).endings == {}
    again.load(words.rows(), words.word_counts, words.texts)
    assert dict(again.familiar(NO_WORDS).endings) == {"cranes": CLIENT}
