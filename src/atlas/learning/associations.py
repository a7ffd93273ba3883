"""What goes with what: counts of key and value pairs, for the words of the house and for condition tables.

A space is one lexicon (``"word:stage"``) or one table (``"table:stage>probability"``). Keys and values are kept as
digests until cases about different records have shown them; only then can they be used.

Source: cross-situational word learning (Siskind 1996), reduced to counts.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from atlas.core.records import record
from atlas.learning.binding import UNBOUND
from atlas.learning.english import FILLERS, SYNONYMS
from atlas.learning.language import (
    Guarded,
)
from atlas.learning.name_shapes import longest_first, shape_of
from atlas.learning.perception import Familiar, Percept, beginnings_of
from atlas.learning.sightings import CaseMark, PublicWords, digest, digest_text, disjoint, mark_case, reveal, seal
from atlas.learning.vocabulary import mentioned

LONGEST_PHRASE = 3  # words
SHAPES, VALUES, ENDINGS, BEGINNINGS = "shape", "value", "ending", "beginning"
"""The spaces of what names look like: shapes, whole values of fields, last words, first words where so do sentences."""

_LEAST_VARIETY = 2  # a parameter that always had one value has no words


@record
class Association:
    """A key and a value that were seen together.

    Attributes:
        space: The lexicon or table.
        key: A phrase, or the value of a table's key.
        value: What it goes with.
        count: In how many cases.
        mark: The first of them.
    """

    space: str
    key: Guarded
    value: Guarded
    count: int
    mark: CaseMark


@record
class AssociationThresholds:
    """When an association is used.

    Attributes:
        least_share: Least share of the key's cases that have the value.
        least_support: Least number of cases for a phrase, and for a table entry that is not made of public words.
    """

    least_share: float = 0.6
    least_support: int = 2


class Associations:
    """Counts of pairs, with look-up by key.

    Args:
        thresholds: When an association is used.
    """

    def __init__(self, thresholds: AssociationThresholds) -> None:
        self.thresholds = thresholds
        self._rows: dict[tuple[str, str], dict[str, Association]] = {}
        self._hashes: dict[tuple[str, str, str], bytes] = {}
        self._familiar: Familiar | None = None
        self._values: dict[str, set[str]] = {}
        self._words: dict[str, int] = {}
        self._texts = 0

    def rows(self) -> Iterator[Association]:
        """Yield every pair in a fixed order."""
        for place in sorted(self._rows):
            for value in sorted(self._rows[place]):
                yield self._rows[place][value]

    @property
    def word_counts(self) -> Mapping[str, int]:
        """In how many messages a word (its digest) was seen."""
        return dict(sorted(self._words.items()))

    @property
    def texts(self) -> int:
        """Number of messages seen."""
        return self._texts

    def load(self, rows: Iterable[Association], words: Mapping[str, int], texts: int) -> None:
        """Take over what another memory held."""
        for row in rows:
            self._put(row)
        self._words = dict(words)
        self._texts = texts

    def fingerprints(self) -> Iterator[str]:
        """Yield a short text per pair and word, in a fixed order, for a content hash."""
        for place in sorted(self._hashes):
            yield self._hashes[place].hex()
        yield ",".join(f"{word}:{count}" for word, count in sorted(self._words.items()))

    def see_text(self, percept: Percept) -> None:
        """Count the words of a message, so that rare ones can be told from common ones."""
        self._texts += 1
        for word in sorted({digest_text(word) for word, _ in percept.words}):
            self._words[word] = self._words.get(word, 0) + 1

    def see(self, space: str, key: Guarded, value: Guarded, mark: CaseMark) -> None:
        """Count one case of a pair."""
        kept = self._rows.get((space, key.digest), {}).get(value.digest)
        if kept is None:
            self._put(Association(space, seal(key), seal(value), 1, mark))
            return
        both = disjoint(kept.mark, mark)
        self._put(
            Association(
                space,
                reveal(kept.key, key) if both else kept.key,
                reveal(kept.value, value) if both else kept.value,
                kept.count + 1,
                kept.mark,
            )
        )

    def familiar(self, public: frozenset[str]) -> Familiar:
        """Return what is known about names, the same object until that changes.

        Args:
            public: Words of closed sets, in lower case, which are no names.
        """
        if self._familiar is None or self._familiar.public != public:
            self._familiar = Familiar(
                public,
                longest_first(self._usable(SHAPES).items()),
                self._usable(VALUES),
                self._usable(ENDINGS),
                frozenset(self._usable(BEGINNINGS)),
            )
        return self._familiar

    def _usable(self, space: str) -> dict[str, str]:
        """Return the keys of a space that may be used, each with what mostly goes with it."""
        usable: dict[str, str] = {}
        for (name, _), rows in self._rows.items():
            if name == space:
                best = max(rows.values(), key=lambda row: (row.count, row.value.digest))
                total = sum(row.count for row in rows.values())
                if best.key.known and best.value.known and best.count >= self.thresholds.least_share * total:
                    usable[str(best.key.value)] = str(best.value.value)
        return usable

    def see_name(self, kind: str, name: str, public: PublicWords) -> None:
        """Count the shape of the name of a record of a kind, or its last word; and its first, where so do sentences."""
        value = Guarded(digest(kind), kind, known=True)
        for beginning in sorted(set(beginnings_of(name))):
            self.see(BEGINNINGS, public.guard(beginning), value, mark_case((name,)))
        shape = shape_of(name)
        words = name.lower().split()
        if shape is not None:
            self.see(SHAPES, public.guard(shape), value, mark_case((name,)))
        elif len(words) > 1:
            self.see(ENDINGS, public.guard(words[-1]), value, mark_case((name,)))

    def see_value(self, field: str, value: str, mark: CaseMark, public: PublicWords) -> None:
        """Count a value of a field that people call by its name.

        Args:
            field: The field.
            value: Its value.
            mark: What has it; it is kept once something else was seen to have it.
            public: The words that may be kept at once.
        """
        self.see(VALUES, public.guard(value.lower()), Guarded(digest(field), field, known=True), mark)

    def see_phrases(self, param: str, percept: Percept, value: Guarded, mark: CaseMark, public: PublicWords) -> None:
        """Count ``value`` of ``param`` with every phrase of a message that could stand for it."""
        for phrase in phrases(percept):
            self.see(f"word:{param}", public.guard(phrase), value, mark)

    def decay(self, space: str, key: object) -> None:
        """Halve what is known about a key, after it led to a mistake."""
        place = (space, digest(key))
        for row in list(self._rows.get(place, {}).values()):
            self._put(Association(row.space, row.key, row.value, max(1, row.count // 2), row.mark))

    def companion(self, table: str, key: object) -> object:
        """Return the value that goes with ``key`` in a table, else ``UNBOUND``."""
        rows = self._rows.get((f"table:{table}", digest(key)))
        if not rows:
            return UNBOUND
        total = sum(row.count for row in rows.values())
        best = max(rows.values(), key=lambda row: (row.count, row.value.digest))
        if not best.value.known or best.count < self.thresholds.least_share * total:
            return UNBOUND
        return best.value.value

    def meaning(self, param: str, percept: Percept, values: Sequence[str] = ()) -> object:
        """Return the value of ``param`` that a message names or that a phrase of it stands for, else ``UNBOUND``.

        Args:
            param: The parameter.
            percept: The message.
            values: The values that the parameter allows, where they form a closed set.
        """
        named = mentioned(values, percept) if values else None
        if named is not None:
            return named
        best: tuple[float, int, str, object] | None = None
        if len(self._values.get(f"word:{param}", ())) < _LEAST_VARIETY:
            return UNBOUND
        for phrase in phrases(percept):
            scored = self._score(f"word:{param}", phrase)
            if scored is not None and (best is None or scored[:3] > best[:3]):
                best = scored
        return UNBOUND if best is None else best[3]

    def _score(self, space: str, phrase: str) -> tuple[float, int, str, object] | None:
        rows = self._rows.get((space, digest(phrase)))
        if not rows:
            return None
        total = sum(row.count for row in rows.values())
        best = max(rows.values(), key=lambda row: (row.count, row.value.digest))
        usable = best.key.known and best.value.known and best.count >= self.thresholds.least_support
        heard = max(total, min(self._words.get(digest_text(word), 0) for word in phrase.split()))
        if not usable or best.count < self.thresholds.least_share * heard:
            return None
        rarity = max(self._rarity(word) for word in phrase.split())
        score = round(best.count / (heard + 0.5) * rarity, 9)
        return score, best.count, phrase, best.value.value

    def _rarity(self, word: str) -> float:
        return math.log((self._texts + 1) / (self._words.get(digest_text(word), 0) + 0.5))

    def _put(self, row: Association) -> None:
        if row.space in (SHAPES, VALUES, ENDINGS, BEGINNINGS):
            self._familiar = None
        self._values.setdefault(row.space, set()).add(row.value.digest)
        self._rows.setdefault((row.space, row.key.digest), {})[row.value.digest] = row
        shown = f"{row.space}|{row.key}|{row.value}|{row.count}|{row.mark}"
        place = (row.space, row.key.digest, row.value.digest)
        self._hashes[place] = hashlib.blake2b(shown.encode(), digest_size=8).digest()


class KnownWords:
    """What the house has taught, as programs look it up.

    Args:
        associations: The counts.
        closed: Allowed values by parameter.
    """

    def __init__(self, associations: Associations, closed: Mapping[str, tuple[str, ...]]) -> None:
        self._associations = associations
        self._closed = closed
        self._memo: dict[tuple[str, str], object] = {}

    def meaning(self, param: str, percept: Percept) -> object:
        key = (param, percept.text)
        if key not in self._memo:
            self._memo[key] = self._associations.meaning(param, percept, self._closed.get(param, ()))
        return self._memo[key]

    def companion(self, table: str, key: object) -> object:
        return self._associations.companion(table, key)

    def familiar(self, public: frozenset[str]) -> Familiar:
        return self._associations.familiar(public)


def phrases(percept: Percept) -> tuple[str, ...]:
    """Return the phrases of a message that could stand for a value: up to three words, none with a digit.

    Phrases of nothing but ordinary office words stand for nothing else.

    Example:
        >>> from datetime import date
        >>> from atlas.learning.perception import perceive
        >>> phrases(perceive("Mark it amber", date(2026, 3, 2)))
        ('mark it amber', 'it amber', 'amber')
    """
    plain = percept.plain_text
    words = [word if plain[at : at + 1].strip() and not _has_digit(word) else "" for word, at in percept.words]
    found: dict[str, None] = {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(words)) + 1):
            if not all(words[start:end]):
                break
            if not all(word in FILLERS or word in SYNONYMS for word in words[start:end]):
                found[" ".join(words[start:end])] = None
    return tuple(found)


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))
