"""What a decision may depend on: features of a situation, their ranges over cases, and guards between rivals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from atlas.core.records import record
from atlas.learning.binding import Knowledge, read_day
from atlas.learning.english import RECORD_NOUNS, canonical, is_writing
from atlas.learning.language import (
    SPANS_OF_FIELD,
    SpanType,
)
from atlas.learning.playbooks import FeatureRange
from atlas.learning.programs import (
    Comparison,
    Guard,
)
from atlas.learning.sightings import PublicWords, digest_text
from atlas.learning.situation import (
    ARGUMENTS,
    PLAIN_FIELDS,
    TEXT_FIELDS,
    RowView,
    SeenStep,
    Situation,
    is_number,
    same,
    says,
)

Feature = str | float

_SAID = {"money": (SpanType.MONEY, SpanType.NUMBER), "percent": (SpanType.PERCENT,)}
_PRESENCE = (SpanType.MONEY, SpanType.PERCENT, SpanType.DATE, SpanType.EMAIL, SpanType.FILE, SpanType.NAME)
_WORD_FIELDS = frozenset({"stage", "status", "industry", "type", "territory", "role", "access", "entity_type"})
_NONE = "none"
_MEANT = "means."
_LEAST_SEPARATION = 0.99
_LEAST_NUMBERS = 2  # cases of each side before a bound between numbers is believed
_LEAST_NUMBERS_TOGETHER = 6
_LEAST_WORDS = 2  # the same for words, unless the feature usually decides
_TELLING_PRIOR = 1.5
_LEAST_AMOUNT = 0.01  # currency units
_STEPS_PER_E = 40  # steps of the logarithmic scale: 2.5 % each


def features_of(
    situation: Situation, knowledge: Knowledge, params: Sequence[str], public: PublicWords
) -> dict[str, Feature]:
    """Return the features of a situation: words and numbers by name.

    Args:
        situation: What is known.
        knowledge: Reads the words of the house.
        params: Parameters with a closed set of values.
        public: The words that may be kept.
    """
    found: dict[str, Feature] = {"role": _word(situation.role, public), "asked": str(situation.asked_before)}
    percept = situation.percept
    for kind in _PRESENCE:
        found[f"has.{kind.value}"] = str(any(span.type is kind for span in percept.spans))
    for name, kinds in _SAID.items():
        said_here = [span.value for kind in kinds for span in percept.of_type(kind)]
        if said_here and is_number(said_here[0]):
            found[f"said.{name}"] = float(said_here[0])
    for param in params:
        meant = knowledge.meaning(param, percept)
        if isinstance(meant, str):
            found[f"{_MEANT}{param}"] = _word(meant, public)
    said = found.get("said.money")
    for step in situation.steps:
        found |= dict(_step_features(step, situation, said if isinstance(said, float) else None, public))
        found |= dict(_text_features(step, situation, knowledge, params))
    return found


def widen(ranges: Sequence[FeatureRange], features: Mapping[str, Feature]) -> tuple[FeatureRange, ...]:
    """Return ``ranges`` after one more case with ``features``."""
    by_name = {known.feature: known for known in ranges}
    for name, value in features.items():
        known = by_name.get(name) or FeatureRange(name, 0)
        if isinstance(value, str):
            counts = Counter(dict(known.words))
            counts[value] += 1
            by_name[name] = FeatureRange(name, known.cases + 1, words=tuple(sorted(counts.items())))
        else:
            low, high = _blur(name, value, math.floor), _blur(name, value, math.ceil)
            by_name[name] = FeatureRange(
                name,
                known.cases + 1,
                low if known.low is None else min(low, known.low),
                high if known.high is None else max(high, known.high),
            )
    return tuple(by_name[name] for name in sorted(by_name))


class FeatureCounts:
    """How often a feature had which word in the cases of some playbooks."""

    def __init__(self) -> None:
        self._cases: dict[str, int] = {}
        self._words: dict[tuple[str, str], int] = {}

    def add(self, ranges: Sequence[FeatureRange], sign: int = 1) -> None:
        """Count the cases behind ``ranges``; with ``sign`` -1, take them out again."""
        for known in ranges:
            if known.words:
                self._cases[known.feature] = self._cases.get(known.feature, 0) + sign * known.cases
                for word, count in known.words:
                    place = (known.feature, word)
                    self._words[place] = self._words.get(place, 0) + sign * count

    def share(self, feature: str, word: str, usual: float, weight: float) -> float:
        """Return the share of the cases in which the feature had a word; ``usual`` counts as so many more cases."""
        seen = self._words.get((feature, word), 0)
        return (seen + weight * usual) / (self._cases.get(feature, 0) + weight)

    def knows(self, feature: str) -> bool:
        """Tell whether the feature had a value in any case."""
        return self._cases.get(feature, 0) > 0


@record
class EvidenceWeights:
    """How much a situation says for or against playbooks.

    Attributes:
        usual: Weight of all cases, as a number of cases, where those of a group are counted.
        group: Weight of the cases of a playbook's group, likewise.
        scale: What the features say together is multiplied by this, since they are no independent witnesses.
    """

    usual: float = 0.5
    group: float = 2.0
    scale: float = 0.5


def speak_for(
    ranges: Sequence[FeatureRange],
    group: FeatureCounts,
    everything: FeatureCounts,
    here: Mapping[str, Feature],
    weights: EvidenceWeights,
) -> float:
    """Return what a situation says for (or against) a playbook, in nats.

    Every word of the situation speaks for playbooks in whose cases it was commoner than in all cases. What a playbook
    has seen too seldom is taken from all playbooks that end alike. Numbers say nothing here; guards tell them apart.
    """
    own = {known.feature: known for known in ranges}
    total = 0.0
    cases = max((known.cases for known in ranges), default=0)
    for feature, word in here.items():
        if not isinstance(word, str) or not group.knows(feature):
            continue
        usual = everything.share(feature, word, 0.5, 1.0)
        chance = group.share(feature, word, usual, weights.usual)
        known = own.get(feature)
        if known is None and feature.startswith(_MEANT):
            total += math.log(weights.group / (cases + weights.group))  # such words were not said for it
        if known is not None:
            chance = (dict(known.words).get(word, 0) + weights.group * chance) / (known.cases + weights.group)
        total += math.log(chance / usual)
    return round(weights.scale * total, 6)


@record
class Choice:
    """A guard that tells two playbooks apart, and which of them it speaks for here (0 or 1)."""

    guard: Guard
    winner: int
    weight: float


def tell_apart(
    one: Sequence[FeatureRange], other: Sequence[FeatureRange], here: Mapping[str, Feature]
) -> Choice | None:
    """Return the strongest guard that tells two playbooks apart here, None where nothing does.

    Args:
        one: What the situation was like in the cases of the first.
        other: And in the cases of the second.
        here: What it is like now.
    """
    second = {known.feature: known for known in other}
    choices = [
        choice
        for known in one
        if known.feature in second and known.feature in here
        for choice in (_compare(known, second[known.feature], here[known.feature]),)
        if choice is not None
    ]
    return max(choices, key=lambda choice: (choice.weight, choice.guard.feature), default=None)


def contradicts_findings(ranges: Sequence[FeatureRange], here: Mapping[str, Feature]) -> bool:
    """Tell whether a situation is of a kind that none of a playbook's cases was.

    That is so where a search found something here and never did there, or the other way round, and where the message
    answers a question here and never did there, or the other way round.
    """
    for known in ranges:
        if known.feature == "asked" and all(word != here.get("asked") for word, _ in known.words):
            return True
        if known.feature.endswith(".found") and known.feature in here:
            empty = here[known.feature] == _NONE
            seen_empty = [word == _NONE for word, _ in known.words]
            if (empty and not any(seen_empty)) or (not empty and all(seen_empty)):
                return True
    return False


def _compare(one: FeatureRange, other: FeatureRange, here: Feature) -> Choice | None:
    if isinstance(here, str):
        return _compare_words(one, other, here)
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    if min(one.cases, other.cases) < _LEAST_NUMBERS or one.cases + other.cases < _LEAST_NUMBERS_TOGETHER:
        return None
    if one.high < other.low:
        below, lower, upper = 0, one.high, other.low
    elif other.high < one.low:
        below, lower, upper = 1, other.high, one.low
    else:
        return None
    bound = round_bound(_bound(one.feature, lower), _bound(one.feature, upper))
    comparison = Comparison.BELOW if here < bound else Comparison.AT_LEAST
    winner = below if here < bound else 1 - below
    return Choice(Guard(one.feature, comparison, bound), winner, _weight(one, other, one.feature))


def _compare_words(one: FeatureRange, other: FeatureRange, here: str) -> Choice | None:
    ours, theirs = dict(one.words), dict(other.words)
    share, rival = ours.get(here, 0) / one.cases, theirs.get(here, 0) / other.cases
    certain = _prior(one.feature) >= _TELLING_PRIOR
    if not (share or rival) or (min(one.cases, other.cases) < _LEAST_WORDS and not certain):
        return None
    overlap = sum(min(ours.get(word, 0) / one.cases, theirs.get(word, 0) / other.cases) for word in ours)
    if 1 - overlap < _LEAST_SEPARATION:
        return None
    return Choice(
        Guard(one.feature, Comparison.EQUALS, here), 0 if share > rival else 1, _weight(one, other, one.feature)
    )


def _weight(one: FeatureRange, other: FeatureRange, feature: str) -> float:
    """Support of the weaker side, plus how much such features usually decide."""
    return round(min(one.cases, other.cases) * 2 + _prior(feature) + math.log1p(max(one.cases, other.cases)), 3)


def _prior(feature: str) -> float:
    for ending, prior in _PRIORS:
        if feature.endswith(ending):
            return prior
    return 0.0


_PRIORS = (
    (".code", 3.0),
    (".found", 2.5),
    ("discount", 2.0),
    (".own", 2.0),
    (".asker", 2.0),
    (".said", 1.5),
    ("means.stage", 1.8),
    ("means.status", 1.8),
    (".stage", 1.5),
    (".status", 1.5),
    ("said.money", 1.4),
    ("has.money", 1.3),
    ("has.date", 1.3),
    ("has.percent", 1.2),
    (".amount", 1.2),
    ("role", 1.0),
)


def round_bound(lower: float, upper: float) -> float:
    """Return the roundest number above ``lower`` and not above ``upper``, the middle one among equals.

    Example:
        >>> round_bound(23000, 32000), round_bound(0.11, 0.19)
        (25000.0, 0.15)
    """
    middle = (lower + upper) / 2
    exponent = math.floor(math.log10(max(abs(lower), abs(upper), 1e-9))) + 1
    while exponent > -6:  # noqa: PLR2004 - finer than any amount
        for factor in (1, 0.5, 0.25):
            unit = factor * 10.0**exponent
            candidate = round(middle / unit) * unit
            if lower < candidate <= upper:
                return round(candidate, 6)
        exponent -= 1
    return upper


def _blur(feature: str, value: float, direction: Callable[[float], int]) -> float:
    """Round a number outwards: an amount to a step of a logarithmic scale, anything else to two digits.

    A range therefore never holds the amount of a record.
    """
    if _is_amount(feature):
        return float(direction(math.log(max(value, _LEAST_AMOUNT)) * _STEPS_PER_E))
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    nudge = 1e-9 if direction is math.floor else -1e-9
    return round(direction(value / unit + nudge) * unit, 6)


def _bound(feature: str, blurred: float) -> float:
    return math.exp(blurred / _STEPS_PER_E) if _is_amount(feature) else blurred


def _is_amount(feature: str) -> bool:
    return feature.endswith(("amount", "value", "money"))


def _step_features(
    step: SeenStep, situation: Situation, said: float | None, public: PublicWords
) -> Iterator[tuple[str, Feature]]:
    yield f"{step.tool}#{step.nth}.code", step.result.error.code.value if step.result.error else "ok"
    if is_writing(step.tool):
        return  # what a change returns is its consequence, no reason for it
    for name, rows in step.row_sets.items():
        if name == ARGUMENTS:
            continue
        place = _kind_of(step, name, rows)
        if name != PLAIN_FIELDS:
            yield f"{place}.found", (_NONE, "one")[len(rows)] if len(rows) < 2 else "many"  # noqa: PLR2004
        if rows:
            named = situation.named_row(rows)
            yield from _row_features(place, rows[named or 0], situation, said, public)


def _text_features(
    step: SeenStep, situation: Situation, knowledge: Knowledge, params: Sequence[str]
) -> Iterator[tuple[str, Feature]]:
    """Of which parameters the text of a record names a value."""
    for name, rows in step.row_sets.items():
        if name == ARGUMENTS or not rows or is_writing(step.tool):
            continue
        row = rows[situation.named_row(rows) or 0]
        for field in TEXT_FIELDS:
            text = row.get(field)
            if isinstance(text, str) and text:
                percept = situation.read(text)
                named = [param for param in params if isinstance(knowledge.meaning(param, percept), str)]
                yield f"{_kind_of(step, name, rows)}.{field}.says", " ".join(sorted(named)) or _NONE


def _kind_of(step: SeenStep, name: str, rows: Sequence[RowView]) -> str:
    """Return the kind of record that a list holds, so that it does not matter by which call it was found."""
    key = next(iter(rows[0]), "") if rows else ""
    if key.endswith("_id"):
        return key.removesuffix("_id")
    if name not in (PLAIN_FIELDS, "results"):
        return canonical(name)
    nouns = [canonical(word) for word in step.tool.split("_")]
    return next((noun for noun in nouns if noun in RECORD_NOUNS), step.tool)


def _row_features(
    place: str, row: RowView, situation: Situation, said: float | None, public: PublicWords
) -> Iterator[tuple[str, Feature]]:
    for field, value in row.items():
        if field in _WORD_FIELDS and isinstance(value, str):
            yield f"{place}.{field}", _word(value, public)
        elif field in ("owner", "handle", "author") and isinstance(value, str):
            yield f"{place}.{field}.own", str(value == situation.actor)
            yield f"{place}.{field}.asker", "own" if value == situation.actor else _word(situation.role, public)
        if field in _SAYABLE and (states := _stated(field, value, situation)):
            yield f"{place}.{field}.said", states
        if is_number(value) and field != "total":
            yield f"{place}.{field}", float(value)
            if said is not None and value > 0 and field in ("amount", "value"):
                yield f"{place}.{field}.discount", 1 - said / value
        elif value is None or value == "":
            yield f"{place}.{field}.empty", "True"
        elif (day := read_day(value)) is not None:
            yield f"{place}.{field}.days", float((day - situation.today).days)
        if field in _OPTIONAL_FIELDS and value not in (None, ""):
            yield f"{place}.{field}.empty", "False"


def _stated(field: str, value: object, situation: Situation) -> str:
    """Return whether the message states the value that a record has, empty where it states none of that kind."""
    kinds = _SAYABLE[field]
    spans = [span for span in situation.percept.spans if span.type in kinds]
    if not kinds:
        return str(says(situation.percept, value)) if isinstance(value, str) else ""
    return str(any(same(span.value, value) for span in spans)) if spans else ""


_SAYABLE: Mapping[str, tuple[SpanType, ...]] = {
    "name": (SpanType.NAME, SpanType.QUOTED),
    "stage": (),
    "status": (),
} | {
    field: spans
    for field, spans in SPANS_OF_FIELD.items()
    if spans[0] in (SpanType.MONEY, SpanType.PERCENT, SpanType.DATE, SpanType.EMAIL, SpanType.PHONE)
}
"""The fields whose value a message can state: by a stretch of one of these types, or (no type) by the value itself."""

_OPTIONAL_FIELDS = frozenset(
    {"owner", "close_date", "probability", "notes", "phone", "email", "address", "industry", "title"}
)


def _word(value: str, public: PublicWords) -> str:
    return value if public.allows(value) or value in ("True", "False") else f"#{digest_text(value)}"
