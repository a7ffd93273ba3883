"""How the wrong name of an argument is read: by its form, by what the record is called, by the table of terms."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from atlas.crm.rules.terms import BOUND_WORDS, CRITERIA, ID_WORDS, RECORD_WORDS, TERMS, Term


class Meaning(NamedTuple):
    """How a wrong name is read.

    Attributes:
        arguments: The arguments meant; none where no argument stands for the name.
        advice: What else there is to know, empty for nothing.
    """

    arguments: tuple[str, ...]
    advice: str = ""


def meaning_of(name: str, known: Collection[str], *, owner: str = "") -> Meaning | None:
    """Return what ``name`` means among the arguments that there are, None where it is no word that the table knows.

    A word that means an argument of other calls only has a meaning without arguments: what looks like it would mislead.

    Args:
        name: What was given.
        known: The arguments that there are.
        owner: What the record is called, such as ``opportunity``: people put it in front of the name of a field.

    Example:
        >>> meaning_of("assignedTo", ("name", "owner"))
        Meaning(arguments=('owner',), advice='it takes the handle of a colleague; look it up with staff_search')
        >>> meaning_of("deal_name", ("name", "owner"), owner="opportunity").arguments
        ('name',)
        >>> meaning_of("min_amount", ("amount", "criteria")).advice
        'write {"amount": {"gte": ...}}'
    """
    plain = plain_name(name)
    bare = _without_owner(plain, owner)
    for word in (plain, bare):
        if word in known:
            return Meaning((word,), _advice_on_own_name(word, known, owner))
    for word in (name.strip().casefold(), plain, bare):
        found = _looked_up(word, known, owner)
        if found is not None:
            return found
    spellings = (name.strip().casefold(), plain)
    advised = next((meant for meant in map(_no_argument, spellings) if meant), None)
    return _as_criterion(plain, known) or advised or (Meaning(()) if plain in _TERMS_OF else None)


def plain_name(name: str) -> str:
    """Return a name in small letters with underscores between its words.

    Example:
        >>> plain_name("closeDate"), plain_name("Close Date"), plain_name("$gte")
        ('close_date', 'close_date', 'gte')
    """
    return _GAP.sub("_", _HUMP.sub("_", name)).strip("_").casefold()


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[\W_]+")


def _without_owner(plain: str, owner: str) -> str:
    for noun in (owner, *RECORD_WORDS.get(owner, ())):
        if noun and plain.startswith(f"{noun}_"):
            return plain[len(noun) + 1 :]
    return plain


def _advice_on_own_name(word: str, known: Collection[str], owner: str) -> str:
    """Give the reminder that a record to be changed is not told by its name, which would give it that name."""
    own_id = f"{owner}_id"
    if word != "name" or own_id not in known or CRITERIA in known:
        return ""
    return f"`name` sets the name; to say which {owner} is meant, give `{own_id}`"


def _looked_up(word: str, known: Collection[str], owner: str) -> Meaning | None:
    own_id = f"{owner}_id"
    if own_id in known and word in (owner, *RECORD_WORDS.get(owner, ()), *ID_WORDS):
        return Meaning((own_id,))
    for term in _TERMS_OF.get(word, ()):
        if term.arguments and all(argument in known for argument in term.arguments):
            return Meaning(term.arguments, term.advice)
    return None


def _as_criterion(plain: str, known: Collection[str]) -> Meaning | None:
    """Read a field with a bound in its name: ``min_amount``, ``amount_gte``, ``created_after``."""
    if CRITERIA not in known:
        return None
    for field, operator in _split_bounds(plain):
        meant = Meaning((field,)) if field in known else _looked_up(field, known, "")
        if meant is not None and len(meant.arguments) == 1 and meant.arguments[0] not in _NO_FIELDS:
            return Meaning(meant.arguments, f'write {{"{meant.arguments[0]}": {{"{operator}": ...}}}}')
    return None


_NO_FIELDS: Final = frozenset({CRITERIA, "order_by", "limit", "cursor"})


def _split_bounds(plain: str) -> Iterator[tuple[str, str]]:
    for operator, words in BOUND_WORDS.items():
        for word in words:
            if plain.endswith(f"_{word}"):
                yield plain[: -len(word) - 1], operator
            if plain.startswith(f"{word}_"):
                yield plain[len(word) + 1 :], operator


def _no_argument(word: str) -> Meaning | None:
    return next((Meaning((), term.advice) for term in _TERMS_OF.get(word, ()) if not term.arguments), None)


def _terms_by_word() -> Mapping[str, tuple[Term, ...]]:
    found: dict[str, tuple[Term, ...]] = {}
    for term in TERMS:
        for word in term.words:
            found[word] = (*found.get(word, ()), term)
    return found


_TERMS_OF: Final = _terms_by_word()
