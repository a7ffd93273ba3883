"""How varied the language of a corpus is: utterances without names and figures, and those that are nearly alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from atlas.core.records import record
from atlas.scenarios.plans import RESPOND_TOOL
from atlas.scenarios.records import Scenario
from atlas.verify.goals import SealedCase, Solution, Split

NEARLY_ALIKE = 0.9  # Jaccard similarity of word triples from which on two conversations count as the same

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")
_DAY = re.compile(
    r"\d{4}-\d\d-\d\d|\b\d{1,2}(?:st|nd|rd|th)? (?:January|February|March|April|May|June|July|August|September|October|"
    r"November|December)(?: \d{4})?|\b(?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December) \d{1,2}(?:st|nd|rd|th)?(?:, \d{4})?"
)
_NUMBER = re.compile(r"[€$]?\d(?:[\d,.]*\d)?k?")
_SHORTEST_SLOT = 3  # characters from which on a slot's value is taken for the slot wherever it stands


@record
class Diversity:
    """What can be counted about the language of a corpus.

    Attributes:
        utterances: Everything that users can say, disclosures included.
        distinct: How many different utterances those are without names and figures.
        turns: Messages that users say without being asked, over all cases.
        tools: Share of each tool in the calls of the first solutions, the most frequent one first.
        near_duplicates: Pairs of conversations of two splits that are nearly alike without names and figures.
    """

    utterances: int
    distinct: int
    turns: int
    tools: Mapping[str, float]
    near_duplicates: tuple[tuple[str, str], ...]


def measure_diversity(scenarios: Sequence[Scenario], sealed: Sequence[SealedCase]) -> Diversity:
    """Return what can be counted about the language of these cases.

    Args:
        scenarios: The cases.
        sealed: The sealed part of each, in the same order.
    """
    bare = [_bare_utterances(scenario, case) for scenario, case in zip(scenarios, sealed, strict=True)]
    calls = Counter(call for case in sealed for call in _tools_of(case.solutions[0]))
    total = max(sum(calls.values()), 1)
    conversations = [
        (scenario.scenario_id, scenario.split, "\n".join(texts))
        for scenario, texts in zip(scenarios, bare, strict=True)
    ]
    return Diversity(
        utterances=sum(map(len, bare)),
        distinct=len({text for texts in bare for text in texts}),
        turns=sum(len(scenario.customer_script.turns) for scenario in scenarios),
        tools={tool: count / total for tool, count in calls.most_common()},
        near_duplicates=tuple(_near_duplicates(conversations)),
    )


def delexicalise(text: str, slots: Mapping[str, str]) -> str:
    """Return ``text`` without names and figures: slots by their name, the rest by its kind; in lower case.

    Args:
        text: What a user says.
        slots: What the slots of its wording were filled with.

    Example:
        >>> delexicalise("Move Parking Pilot to 2026-03-02, 45k.", {"deal": "Parking Pilot"})
        'move <deal> to <day>, <number>.'
    """
    for name, value in sorted(slots.items(), key=lambda entry: -len(entry[1])):
        if len(value) >= _SHORTEST_SLOT:
            text = text.replace(value, f"<{name}>")
    for pattern, kind in ((_QUOTED, "<quoted>"), (_ADDRESS, "<address>"), (_DAY, "<day>"), (_NUMBER, "<number>")):
        text = pattern.sub(kind, text)
    return " ".join(text.lower().split())


def _bare_utterances(scenario: Scenario, case: SealedCase) -> tuple[str, ...]:
    script = scenario.customer_script
    said = (*script.turns, *(entry.text for entry in script.disclosures))
    return tuple(delexicalise(text, case.slots) for text in said)


def _tools_of(solution: Solution) -> Iterator[str]:
    return (call.tool for turn in solution.turns for call in turn if call.tool != RESPOND_TOOL)


def _near_duplicates(conversations: Sequence[tuple[str, Split, str]]) -> Iterator[tuple[str, str]]:
    """Yield pairs of different splits whose word triples overlap by ``NEARLY_ALIKE`` or more.

    Two sets that overlap so much share one of their rarest elements (Source: Bayardo, Ma, Srikant: Scaling Up All Pairs
    Similarity Search, 2007), so only conversations that do are compared.
    """
    shingles = [_shingles(text) for _, _, text in conversations]
    rarity = Counter(shingle for one in shingles for shingle in one)
    seen: dict[str, list[int]] = {}
    for place, one in enumerate(shingles):
        order = sorted(one, key=lambda shingle: (rarity[shingle], shingle))
        prefix = order[: len(order) - int(NEARLY_ALIKE * len(order)) + 1]
        others = {other for shingle in prefix for other in seen.get(shingle, ())}
        for other in sorted(others):
            apart = conversations[place][1] is not conversations[other][1]
            if apart and _jaccard(one, shingles[other]) >= NEARLY_ALIKE:
                yield conversations[other][0], conversations[place][0]
        for shingle in prefix:
            seen.setdefault(shingle, []).append(place)


def _shingles(text: str) -> frozenset[str]:
    words = ["<", *text.split(), ">"]
    return frozenset(" ".join(words[place : place + 3]) for place in range(len(words) - 2))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
