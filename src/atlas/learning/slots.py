"""Version spaces: what is left of the explanations of one argument after several cases."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from atlas.learning.binding import ANY_PLACE, UNBOUND, Binder
from atlas.learning.explanation import explains
from atlas.learning.language import (
    Cond,
    Const,
    Hole,
    Lex,
    Phrase,
    Source,
    Span,
    Template,
)
from atlas.learning.programs import (
    Hypothesis,
    Slot,
)
from atlas.learning.sightings import reveal, seal
from atlas.learning.templates import merge_templates

MOST_HYPOTHESES = 40
_MOST_SILENCE = 4  # cases in which a word or table may be unknown before it has to have been right
_TOLERATED_MISSES = 12  # from this many cases on, one case in this many may disagree


@functools.lru_cache(maxsize=65536)
def identity(source: Source) -> object:
    """Return a key under which two sources are the same, whether or not their values are known yet.

    Example:
        >>> from atlas.learning.language import Guarded
        >>> identity(Const(Guarded("d", 5, known=True))) == identity(Const(Guarded("d")))
        True
    """
    match source:
        case Const() | Phrase():
            return (source.kind, source.value.digest)
        case Template():
            return (
                source.kind,
                tuple(part.digest for part in source.glue),
                tuple((hole.shape, tuple(map(identity, hole.sources))) for hole in source.holes),
            )
        case _:
            return source


def seal_source(source: Source) -> Source:
    """Return ``source`` as a lesson may hold it after one case."""
    match source:
        case Const():
            return Const(seal(source.value))
        case Phrase():
            return Phrase(seal(source.value))
        case Template():
            return Template(
                tuple(map(seal, source.glue)),
                tuple(Hole(tuple(map(seal_source, hole.sources)), hole.shape) for hole in source.holes),
            )
        case _:
            return source


def new_slot(path: str, sources: Sequence[Source], binder: Binder, case: int) -> Slot:
    """Return the version space of an argument after its first case.

    Args:
        path: The argument.
        sources: Everything that explains its value.
        binder: Evaluates sources in the case.
        case: The case's number in its playbook.
    """
    return _ordered(path, 1, [_first_seen(source, binder, case) for source in sources])


def merge_slot(
    slot: Slot, sources: Sequence[Source], binder: Binder, value: object, *, case: int, revealing: Iterable[int]
) -> Slot:
    """Return ``slot`` after one more case.

    Args:
        slot: The version space so far.
        sources: Every explanation of the new case's value.
        binder: Evaluates sources in the new case.
        value: The new case's value.
        case: Number of the new case in its playbook.
        revealing: Numbers of the earlier cases that are about other records than the new one.
    """
    others = frozenset(revealing)
    found = {identity(source): source for source in sources}
    templates = [source for source in sources if isinstance(source, Template)]
    kept: list[Hypothesis] = []
    for hypothesis in slot.hypotheses:
        again = _seen_again(hypothesis, found, templates, can_reveal=hypothesis.first in others)
        holds = None if again is None else not _is_learned(again) or explains(again, value, binder)
        if again is None and not _is_text(hypothesis.source):
            holds = explains(hypothesis.source, value, binder)
        kept.append(
            replace(
                hypothesis,
                source=again or hypothesis.source,
                hits=hypothesis.hits + (holds is True),
                silent=hypothesis.silent + (holds is None and _is_learned(hypothesis.source)),
            )
        )
    cases = slot.cases + 1
    if not any(_holds(hypothesis, cases) for hypothesis in kept):
        known = {identity(hypothesis.source) for hypothesis in kept}
        kept += [_first_seen(source, binder, case) for key, source in found.items() if key not in known]
    return _ordered(slot.path, cases, kept)


def _first_seen(source: Source, binder: Binder, case: int) -> Hypothesis:
    silent = _is_learned(source) and binder.value(source) is UNBOUND
    return Hypothesis(seal_source(source), int(not silent), case, int(silent))


def _ordered(path: str, cases: int, hypotheses: Sequence[Hypothesis]) -> Slot:
    """Put explanations that hold first, then those that gave the right value most often; drop the poorest."""
    ordered = sorted(hypotheses, key=lambda item: (_is_vague(item.source), not _holds(item, cases), -item.hits))
    enough = [item for item in ordered if (item.hits + item.silent) * 3 >= cases]
    return Slot(path, cases, tuple((enough or ordered)[:MOST_HYPOTHESES]))


def demoted(slot: Slot) -> Slot:
    """Return ``slot`` with its best explanation trusted less: it gave a value that was wrong.

    Where that makes another one better, the next case will try it.
    """
    if len(slot.hypotheses) < 2:  # noqa: PLR2004 - nothing to try instead
        return slot
    best, *others = slot.hypotheses
    worse = replace(best, hits=max(0, best.hits - 1))
    return Slot(slot.path, slot.cases, (*others, worse) if worse.hits < others[0].hits + 1 else (worse, *others))


def is_consistent(slot: Slot) -> bool:
    """Tell whether one explanation holds in (nearly) every case of ``slot``."""
    return any(_holds(hypothesis, slot.cases) for hypothesis in slot.hypotheses)


def bind_slot(slot: Slot, binder: Binder, *, least_share: float) -> tuple[object, str]:
    """Return the value of the best explanation that has one here, and the name of its source.

    Args:
        slot: The version space.
        binder: Evaluates sources here.
        least_share: Explanations that held in a smaller share of the cases are not used.

    Returns:
        ``(UNBOUND, "")`` where no explanation has a value.
    """
    for hypothesis in slot.hypotheses:
        if hypothesis.hits + hypothesis.silent < least_share * slot.cases:
            continue
        value = binder.value(hypothesis.source)
        if value is not UNBOUND:
            return value, hypothesis.source.kind
    return UNBOUND, ""


def alternatives(slot: Slot, binder: Binder) -> list[object]:
    """Return every different value that some explanation gives here, best first."""
    values: list[object] = []
    for hypothesis in slot.hypotheses:
        value = binder.value(hypothesis.source)
        if value is not UNBOUND and value not in values:
            values.append(value)
    return values


def _holds(hypothesis: Hypothesis, cases: int) -> bool:
    misses = cases - hypothesis.hits - hypothesis.silent
    return misses <= cases // _TOLERATED_MISSES and hypothesis.silent <= _MOST_SILENCE + 2 * hypothesis.hits


def _is_vague(source: Source) -> bool:
    """Tell whether a source says what a value looks like, but not where it stands."""
    return isinstance(source, Span) and source.nth == ANY_PLACE


def _is_learned(source: Source) -> bool:
    """Tell whether a source looks up what the house has taught, so that it may have no value yet."""
    return isinstance(source, (Lex, Cond))


def _is_text(source: Source) -> bool:
    return isinstance(source, (Const, Phrase, Template))


def _seen_again(
    hypothesis: Hypothesis, found: dict[object, Source], templates: Sequence[Template], *, can_reveal: bool
) -> Source | None:
    source = hypothesis.source
    if isinstance(source, Template):
        merges = (merge_templates(source, other, identity, can_reveal=can_reveal) for other in templates)
        return next((merged for merged in merges if merged is not None), None)
    again = found.get(identity(source))
    if isinstance(source, (Const, Phrase)) and isinstance(again, (Const, Phrase)) and can_reveal:
        return type(source)(reveal(source.value, again.value))
    return None if again is None else source
