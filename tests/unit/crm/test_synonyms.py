"""Wrong names of arguments are read by one table, which is consistent in itself and leads to arguments that exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.rules.readings import CHOICE_WORDS
from atlas.crm.rules.synonyms import Meaning, meaning_of, plain_name
from atlas.crm.rules.terms import BOUND_WORDS, RECORD_WORDS, TERMS
from atlas.crm.schema import SCHEMA
from atlas.crm.store import Operator
from atlas.crm.tools.registry import TOOL_SPECS
from atlas.crm.wording import is_object, nearest_argument

DEAL = ("name", "client_id", "stage", "amount", "close_date", "owner", "probability", "notes")
SEARCH = ("opportunity_id", *DEAL, "criteria", "order_by", "limit")


@pytest.mark.parametrize(
    ("name", "known", "owner", "arguments"),
    [
        ("name", DEAL, "opportunity", ("name",)),
        ("Close Date", DEAL, "opportunity", ("close_date",)),
        ("closeDate", DEAL, "opportunity", ("close_date",)),
        ("opportunity_amount", DEAL, "opportunity", ("amount",)),
        ("dealValue", DEAL, "opportunity", ("amount",)),
        ("value", DEAL, "opportunity", ("amount",)),
        ("value", ("client_id", "value"), "contract", ("value",)),
        ("amount", ("client_id", "value"), "contract", ("value",)),
        ("title", DEAL, "opportunity", ("name",)),
        ("title", ("first_name", "last_name", "title"), "contact", ("title",)),
        ("name", ("first_name", "last_name"), "contact", ("first_name", "last_name")),
        ("id", ("opportunity_id", "amount"), "opportunity", ("opportunity_id",)),
        ("deal", ("opportunity_id", "amount"), "opportunity", ("opportunity_id",)),
        ("id", ("entity_type", "entity_id", "content"), "note", ("entity_id",)),
        ("contact", DEAL, "opportunity", ()),
        ("max_close_date", SEARCH, "opportunity", ("close_date",)),
        ("total_gt", SEARCH, "opportunity", ("amount",)),
        ("limit_max", SEARCH, "opportunity", None),
        ("max_amount", DEAL, "opportunity", None),
        ("page", SEARCH, "opportunity", ("limit",)),
        ("page", (*SEARCH, "cursor"), "opportunity", ("cursor",)),
        (">=", ("equals", "gte", "lte"), "", ("gte",)),
        ("between", ("equals", "gte", "lte"), "", ("gte", "lte")),
        ("!=", ("equals", "gte", "lte"), "", ()),
        ("zebra", DEAL, "opportunity", None),
        ("", DEAL, "opportunity", None),
        ("___", DEAL, "opportunity", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_are_read_among_the_arguments_that_there_are(
    name: str, known: tuple[str, ...], owner: str, arguments: tuple[str, ...] | None
) -> None:
    """The same word may mean different arguments of different calls."""
    meaning = meaning_of(name, known, owner=owner)
    assert (meaning and meaning.arguments) == arguments


def test_a_record_to_be_changed_is_told_by_its_id() -> None:
    """A model that means which record writes its name, and would rename it."""
    known = ("opportunity_id", *DEAL)
    assert meaning_of("opportunity_name", known, owner="opportunity") == Meaning(
        ("name",), "`name` sets the name; to say which opportunity is meant, give `opportunity_id`"
    )
    in_search = meaning_of("opportunity_name", SEARCH, owner="opportunity")
    assert in_search == Meaning(("name",))


@given(st.text(max_size=40), st.sampled_from(["", "opportunity", "client", "note"]))
def test_every_meaning_is_an_argument_that_there_is(name: str, owner: str) -> None:
    """Whatever is written, nobody is sent to an argument that the call has not."""
    meaning = meaning_of(name, SEARCH, owner=owner)
    assert meaning is None or set(meaning.arguments) <= set(SEARCH)
    near = nearest_argument(name, SEARCH, owner=owner)
    assert near is None or near in SEARCH


def every_argument() -> set[str]:
    names = {field.name for definition in SCHEMA.values() for field in definition.fields}
    for spec in TOOL_SPECS:
        properties = spec.parameters["properties"]
        assert is_object(properties)
        names |= set(properties)
    return names | {operator.value for operator in Operator} | {"cursor"}


def test_every_term_leads_to_an_argument_of_the_world() -> None:
    """A renamed field would leave its words behind."""
    known = every_argument()
    for term in TERMS:
        assert set(term.arguments) <= known, term.arguments


def test_the_words_of_the_table_can_be_found() -> None:
    """A word that is written otherwise than it is looked up, or twice in a term, would be dead."""
    for term in TERMS:
        assert term.words
        assert len(set(term.words)) == len(term.words), [word for word in term.words if term.words.count(word) > 1]
        assert not set(term.words) & set(term.arguments)
        for word in term.words:
            assert word == (plain_name(word) or word).casefold() or not word[0].isalnum(), word


def test_no_term_is_hidden_behind_another() -> None:
    """Where a call has the arguments of two terms, the first one answers; each is first for some word and call."""
    for term in TERMS:
        reached = [
            word
            for word in term.words
            for meaning in (meaning_of(word, term.arguments),)
            if meaning == Meaning(term.arguments, term.advice)
        ]
        assert reached, term


def test_the_nouns_and_bounds_are_those_of_the_world() -> None:
    """The nouns are the kinds of records and the staff; the bounds are the operators."""
    assert set(RECORD_WORDS) == {definition.noun for definition in SCHEMA.values()} | {"staff"}
    assert set(BOUND_WORDS) == {operator.value for operator in Operator}


def test_the_words_for_choices_are_about_choices_of_the_world() -> None:
    """Each is allowed somewhere, and no word for it is a choice of the same field."""
    enums = [field.allowed for definition in SCHEMA.values() for field in definition.fields if field.allowed]
    enums.append(("done", "asked", "refused", "reported"))
    for choice, words in CHOICE_WORDS.items():
        fields = [allowed for allowed in enums if choice in allowed]
        assert fields, choice
        assert len(set(words)) == len(words), choice
        for allowed in fields:
            clash = {option.casefold() for option in allowed} & set(words)
            assert not clash, (choice, clash)
