"""Names in messages: by shape, by last and first word, by value, by an address beside them; and what is no name."""

from __future__ import annotations

from datetime import date

import pytest

from atlas.learning.language import SpanType
from atlas.learning.name_shapes import longest_first, pattern_of, shape_of
from atlas.learning.perception import CLIENT, PERSON, TITLE, Familiar, perceive

MONDAY = date(2026, 3, 2)
HOUSE = Familiar(
    public=frozenset({"sent"}),
    shapes=longest_first([("W - W", "contract"), ("Y W: W", "opportunity")]),
    values={"head of sales": TITLE, "food": "industry", "ada moss": PERSON},
    endings={"cranes": CLIENT},
)


def _names(text: str, familiar: Familiar = HOUSE) -> list[tuple[str, str]]:
    spans = perceive(text, MONDAY, familiar).spans
    return [(span.text, span.of) for span in spans if span.type in (SpanType.NAME, SpanType.QUOTED)]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("2026 Harbor Cranes: Spare Parts", "Y W: W"),
        ("Harbor Cranes - Yard", "W - W"),
        ("7 Harbor", "D W"),
        ("Harbor (2026)", "W (Y)"),
        ("Harbor Cranes", None),
        ("Harbor 7", None),
        ("harbor: Yard", None),
        ("2026: 7", None),
        ("", None),
        ("Ash, Birch, Cedar, Elm, Fir, Oak, Pine, Yew", "W, W, W, W, W, W, W, W"),
        ("Ash, Birch, Cedar, Elm, Fir, Oak, Pine, Yew, Ivy", None),
    ],
)
def test_a_shape_says_how_a_name_is_put_together(name: str, shape: str | None) -> None:
    """Nothing but words has no shape, nor has what holds small words, holds no words, or is too long."""
    assert shape_of(name) == shape


def test_the_pattern_of_a_shape_finds_whole_names_and_stops_at_small_words() -> None:
    found = pattern_of("Y W: W").search("so 2026 Harbor Cranes: Spare Parts 2 is 7,000 now")
    assert found is not None
    assert found.group() == "2026 Harbor Cranes: Spare Parts 2"
    priced = pattern_of("Y W: W").search("2026 Harbor Cranes: Spare Parts 7,000")
    assert priced is not None
    assert priced.group() == "2026 Harbor Cranes: Spare Parts"
    assert pattern_of("Y W: W").search("2026 Harbor Cranes; Spare Parts") is None
    assert pattern_of("W (Y)").fullmatch("Harbor (2026)")


def test_shapes_of_most_pieces_come_first_and_each_once() -> None:
    shapes = [("W: W", "b"), ("Y W: W", "a"), ("W: W", "b"), ("D: W", "c")]
    assert longest_first(shapes) == (("Y W: W", "a"), ("D: W", "c"), ("W: W", "b"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("2026 Bolt Freight: Yard", "opportunity"),
        ("Food", "industry"),
        ("Head of Sales", TITLE),
        ("Harbor Cranes", CLIENT),
        ("Ada Moss", PERSON),
        ("Ada Cranes", CLIENT),
        ("Cranes", ""),
        ("Ada", ""),
        ("Bolt Freight", ""),
    ],
)
def test_a_name_speaks_for_a_kind_by_its_looks(name: str, kind: str) -> None:
    """Shape before value before last word before first word; a single word says nothing unless it is a value."""
    assert HOUSE.kind_of(name) == kind
    assert HOUSE.is_title(name) == (kind == TITLE)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Move 2026 Harbor Cranes: Spare Parts on.", [("2026 Harbor Cranes: Spare Parts", "opportunity")]),
        ("Please sign Bolt Freight - Yard, now", [("Bolt Freight - Yard", "contract")]),
        ('Open "2026 Bolt Freight: Yard" now', [("2026 Bolt Freight: Yard", "opportunity")]),
        ("we saw Harbor Cranes there", [("Harbor Cranes", CLIENT)]),
        ("we saw Bolt Freight there", [("Bolt Freight", "")]),
        ("mail Pia Moss at pia.moss@x.example", [("Pia Moss", PERSON)]),
        ("mail Bolt Freight at info@boltfreight.example", [("Bolt Freight", CLIENT)]),
        ("mail Pia Moss at info@boltfreight.example", [("Pia Moss", "")]),
        ("ask Ada Moss of Harbor Cranes about it", [("Ada Moss", PERSON), ("Harbor Cranes", CLIENT)]),
        ("ask Ada Moss of Bolt Freight about it", [("Ada Moss", PERSON), ("Bolt Freight", "")]),
        ("she is the Head of Sales now", [("Head of Sales", TITLE)]),
    ],
    ids=[
        "shape",
        "dash",
        "quoted",
        "last-word",
        "unknown",
        "person-by-mail",
        "client-by-mail",
        "stranger-mail",
        "cut",
        "not-cut",
        "title",
    ],
)
def test_names_are_found_whole_and_with_their_kind(text: str, names: list[tuple[str, str]]) -> None:
    assert _names(text) == names


def test_a_job_is_not_cut_where_its_end_is_known_too() -> None:
    known = Familiar(values={"head of sales": TITLE, "sales": "role"})
    assert _names("she is the Head of Sales now", known) == [("Head of Sales", TITLE)]
    assert _names("she is with Ada Moss of Sales now", known) == [("Ada Moss", ""), ("Sales", "role")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the Head of Sales of Harbor Cranes", [("Head of Sales", TITLE), ("Harbor Cranes", CLIENT)]),
        ("the Head of Sales / Food", [("Head of Sales", TITLE), ("Food", "industry")]),
        ("so Nordic Food is in", [("Nordic Food", "")]),
        ("so food is in", []),
        ('so "Food" is in', [("Food", "industry")]),
    ],
    ids=["in-front-of-a-name", "two", "end-of-a-name", "no-capital", "quoted"],
)
def test_known_values_are_found_as_they_are(text: str, names: list[tuple[str, str]]) -> None:
    """A job or an industry is cut out of what stands beside it, but not out of a name that ends in its word."""
    assert _names(text) == names


def test_a_dash_links_names_until_the_house_is_known() -> None:
    text = "so Nordic Rail - Yard Plan it is"
    assert _names(text, Familiar()) == [("Nordic Rail - Yard Plan", "")]
    assert _names(text, Familiar(values={"food": "industry"})) == [("Nordic Rail", ""), ("Yard Plan", "")]


def test_without_what_is_familiar_a_shape_cuts_nothing_together() -> None:
    """The same message, before any record of the house was seen, falls into its pieces."""
    assert _names("Move 2026 Harbor Cranes: Spare Parts on.", Familiar()) == [
        ("2026 Harbor Cranes", ""),
        ("Spare Parts", ""),
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Sorry, we forgot it", []),
        ("we called. Great. They said so", []),
        ("Fine! move it", []),
        ("It's Sent", []),
        ("we saw Sent there", []),
        ("we saw Zenith, then left", ["Zenith"]),
        ("so\nProduct: Yard Plan\nWidget: Dock Plan", ["Yard Plan", "Dock Plan"]),
        ("so the Product: Yard Plan", ["Product", "Yard Plan"]),
        ("ask Harbor Cranes\nBolt Freight today", ["Harbor Cranes", "Bolt Freight"]),
        ('fn="" ln="Fekete"', ["Fekete"]),
        ('fn=" " ln="Fekete"', ["Fekete"]),
    ],
)
def test_a_capital_alone_makes_no_name(text: str, names: list[str]) -> None:
    """Openings, exclamations, public words, labels and blank quotes are no names; no name runs over a line end."""
    assert [name for name, _ in _names(text)] == names


_ODD = frozenset({"<nothing or less>", "<over the whole>", "<fraction>", "<no day>", "<day gone by>"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at $0", {"<nothing or less>"}),
        ("at -5%", {"<nothing or less>"}),
        ("at $12.50", set[str]()),
        ("at 100%", set[str]()),
        ("at 101%", {"<over the whole>"}),
        ("at 101", set[str]()),
        ("at 12.5%", {"<fraction>"}),
        ("on 2026-02-31", {"<no day>"}),
        ("on 2026-03-01", {"<day gone by>"}),
        ("on 2026-03-02", set[str]()),
        ("on 2026-03-03", set[str]()),
    ],
)
def test_values_that_stand_out_give_a_cue_word(text: str, words: set[str]) -> None:
    assert _ODD & set(perceive(text, MONDAY).tokens) == words


def test_the_kind_of_a_name_stands_in_the_cue() -> None:
    """A name of a known kind is told from other names; two names count as two whatever they speak for."""
    assert {"<opportunity>", "<client>", "<2 names>"} <= set(
        perceive("so 2026 Bolt Freight: Yard for Harbor Cranes", MONDAY, HOUSE).tokens
    )
    assert "<name>" in perceive("so Bolt Freight", MONDAY, HOUSE).tokens
