"""Which playbooks a message calls to mind: naive Bayes over its words, and how alike it and a cue are.

Counts are kept in an inverted index; a query touches only cues that share a word with it.

Sources: multivariate Bernoulli naive Bayes (McCallum and Nigam 1998), shrunk towards groups (McCallum et al. 1998); a
kernel estimate over single messages (Aitchison and Aitken 1976), averaged with it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from atlas.core.records import record

_VALUE_KINDS = {
    "<money>": "number",
    "<number>": "number",
    "<percent>": "percent",
    "<date>": "date",
    "<email>": "email",
    "<address>": "address",
    "<file>": "file",
    "<handle>": "handle",
    "<speech>": "speech",
    "<stage>": "stage",
    "<status>": "status",
    "<2 names>": "names",
}
_SUREST = 0.999  # no word is certain
_DECIMALS = 6  # odds and similarities are rounded before they are compared


class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    def embed(self, tokens: tuple[str, ...]) -> Sequence[float]:
        """Return the vector of a cue, for the same words always the same one."""
        ...


@record
class SimilarityWeights:
    """How odds and similarities are put together.

    Attributes:
        nearest: Weight of the nearest single message that the playbook answered; the rest is the whole of them.
        unknown: Weight of a word that no cue has, as a share of the rarest known word's.
        dense: Weight of the embedding, where there is one.
        placeholder: Weight of a ``<type>`` word, as a share of a rare word's.
        mismatch: Share of the similarity that is lost for every kind of value that the message has and no message of
            the playbook had, or that all of them had and the message lacks.
        prior: Weight of all messages, as a number of messages, where the words of one playbook are counted.
        group: Weight of the messages for playbooks that do the same, likewise.
        alike: The same for playbooks that are known to answer one kind of message.
        slip: Chance that a word of a message is left out or another one stands there when it is said again.
    """

    nearest: float = 0.5
    unknown: float = 0.35
    dense: float = 0.3
    placeholder: float = 0.4
    mismatch: float = 0.2
    prior: float = 1.0
    group: float = 1.0
    alike: float = 2.0
    slip: float = 0.3


class _IndexedCue:
    """A playbook's cue, prepared for comparison."""

    def __init__(self, prototypes: tuple[tuple[str, ...], ...], group: Hashable, *, weight: float, alike: bool) -> None:
        self.prototypes = prototypes
        self.weight = weight
        self.alike = alike
        self.counts: dict[str, int] = {}
        for prototype in prototypes:
            for token in prototype:
                self.counts[token] = self.counts.get(token, 0) + 1
        self.ones = [dict.fromkeys(prototype, 1.0) for prototype in prototypes]
        self.shares = {token: count / len(prototypes) for token, count in self.counts.items()}
        kinds = [{_VALUE_KINDS[token] for token in cue if token in _VALUE_KINDS} for cue in prototypes]
        self.kinds_ever = frozenset[str]().union(*kinds)
        self.kinds_always = frozenset[str](kinds[0]).intersection(*kinds) if kinds else frozenset[str]()
        self.norms: list[float] | None = None
        self.absence: float | None = None
        self.group = group


class _Group:
    """Words of all messages for the playbooks that do the same."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.messages = 0

    def add(self, cue: _IndexedCue, sign: int) -> None:
        self.messages += sign * len(cue.prototypes)
        for token, count in cue.counts.items():
            left = self.counts.get(token, 0) + sign * count
            if left:
                self.counts[token] = left
            else:
                del self.counts[token]


class CueIndex:
    """The cues of a set of playbooks.

    Args:
        weights: How a similarity is put together.
        embedder: The dense part; None for words alone.
    """

    def __init__(self, weights: SimilarityWeights, embedder: Embedder | None = None) -> None:
        self._weights = weights
        self._embedder = embedder
        self._cues: dict[str, _IndexedCue] = {}
        self._holders: dict[str, dict[str, None]] = {}
        self._places: dict[str, dict[tuple[str, int], None]] = {}
        self._frequency: dict[str, int] = {}
        self._groups: dict[Hashable, _Group] = {}
        self._prototypes = 0
        self._idf: dict[str, float] = {}
        self._rankings: dict[tuple[str, ...], list[tuple[str, float]]] = {}

    def __contains__(self, playbook_id: object) -> bool:
        return playbook_id in self._cues

    def put(
        self,
        playbook_id: str,
        prototypes: tuple[tuple[str, ...], ...],
        group: Hashable = None,
        *,
        alike: bool = False,
    ) -> None:
        """Set the cue of a playbook; no prototypes remove it.

        Args:
            playbook_id: The playbook.
            prototypes: Cue words of the messages that it answered.
            group: What it does; playbooks that do the same learn from each other's messages.
            alike: The group is of playbooks that answer one kind of message, not of those that do the same.
        """
        known = self._cues.get(playbook_id)
        held = ((), None, False) if known is None else (known.prototypes, known.group, known.alike)
        if held == ((prototypes, group, alike) if prototypes else ((), None, False)):
            return
        self._remove(playbook_id)
        if prototypes:
            weight = self._weights.alike if alike else self._weights.group
            self._add(playbook_id, _IndexedCue(prototypes, group, weight=weight, alike=alike))
        self._idf.clear()
        self._rankings.clear()
        for cue in self._cues.values():
            cue.norms = None
            cue.absence = None

    def rank(self, tokens: tuple[str, ...]) -> list[tuple[str, float]]:
        """Return the playbooks that share a word with ``tokens``, with the logarithms of their odds, best first."""
        known = self._rankings.get(tokens)
        if known is None:
            known = sorted(self._log_odds(tokens).items(), key=lambda scored: (-scored[1], scored[0]))
            self._rankings[tokens] = known
        return known

    def _log_odds(self, tokens: tuple[str, ...]) -> dict[str, float]:
        """Return how much likelier each playbook is than a message of no kind in particular, in nats.

        Naive Bayes over the words that a message has and those that it lacks, averaged with a kernel estimate over
        single messages. What a playbook has seen too seldom is taken from all playbooks of its group, and what these
        have seen too seldom from all messages.
        """
        known = [token for token in tokens if token in self._frequency]
        odds: dict[str, float] = {}
        for place in dict.fromkeys(place for token in known for place in self._holders[token]):
            cue = self._cues[place]
            group = self._groups[cue.group]
            total = cue.absence if cue.absence is not None else self._absence_of(cue, group)
            cue.absence = total
            for token in known:
                share = self._frequency[token] / self._prototypes
                chance = self._chance(cue, group, token, share)
                total += math.log(chance / share)
                if token in group.counts:
                    total -= math.log(1 - chance)
            odds[place] = total + math.log(len(cue.prototypes))
        return {place: round(total, _DECIMALS) for place, total in self._with_nearness(odds, known).items()}

    def _with_nearness(self, odds: Mapping[str, float], known: Sequence[str]) -> dict[str, float]:
        """Average what words say one by one with what single messages say.

        Playbooks that answer one kind of message share their messages; words one by one tell them apart.
        """
        near = self._nearness(known)
        kinds: dict[Hashable, list[str]] = {}
        for place in odds:
            cue = self._cues[place]
            kinds.setdefault((True, cue.group) if cue.alike else (False, place), []).append(place)
        summed: dict[str, float] = {}
        for places in kinds.values():
            by_words = _log_sum([odds[place] for place in places])
            by_messages = _log_sum([near[place] for place in places])
            together = _log_sum((by_words, by_messages)) - math.log(2)
            for place in places:
                summed[place] = together + odds[place] - by_words
        return summed

    def _nearness(self, known: Sequence[str]) -> dict[str, float]:
        """Return the log odds of each playbook by its single messages.

        A kernel estimate: a message is one that the playbook answered before, with some words left out and some added.
        """
        slip = self._weights.slip
        shared: dict[tuple[str, int], float] = {}
        for token in known:
            weight = math.log((1 - slip) * self._prototypes / self._frequency[token] + slip) - 2 * math.log(slip)
            for place in self._places[token]:
                shared[place] = shared.get(place, 0.0) + weight
        scores: dict[str, list[float]] = {}
        for (playbook, number), weight in shared.items():
            size = len(self._cues[playbook].prototypes[number]) + len(known)
            scores.setdefault(playbook, []).append(weight + size * math.log(slip))
        return {playbook: _log_sum(found) for playbook, found in scores.items()}

    def _chance(self, cue: _IndexedCue, group: _Group, token: str, share: float) -> float:
        """Return the chance of a word in a message for a playbook; ``share`` is its share of all messages."""
        weights = self._weights
        in_group = (group.counts.get(token, 0) + weights.prior * share) / (group.messages + weights.prior)
        seen = cue.counts.get(token, 0) + cue.weight * in_group + weights.prior * share
        return min(seen / (len(cue.prototypes) + cue.weight + weights.prior), _SUREST)

    def _absence_of(self, cue: _IndexedCue, group: _Group) -> float:
        """Return the logarithm of the chance that a message for a playbook has none of the words of its group."""
        shares = ((token, self._frequency[token] / self._prototypes) for token in group.counts)
        return sum(math.log(1 - self._chance(cue, group, token, share)) for token, share in shares)

    def similarity(self, playbook_id: str, tokens: tuple[str, ...]) -> float:
        """Return how alike a message and a playbook's cue are."""
        cue = self._cues[playbook_id]
        query = {token: self._weight(token) ** 2 for token in tokens}
        norm = math.sqrt(sum(query.values())) or 1.0
        whole, *single = self._norms(cue)
        nearest = max(_overlap(query, one) / (norm * own) for one, own in zip(cue.ones, single, strict=True))
        words = self._weights.nearest * nearest
        words += (1 - self._weights.nearest) * _overlap(query, cue.shares) / (norm * whole)
        here = {_VALUE_KINDS[token] for token in tokens if token in _VALUE_KINDS}
        mismatches = len(here - cue.kinds_ever) + len(cue.kinds_always - here)
        words *= (1 - self._weights.mismatch) ** mismatches
        if self._embedder is None:
            return round(words, _DECIMALS)
        vector = self._embedder.embed(tokens)
        dense = max(_dot(vector, self._embedder.embed(prototype)) for prototype in cue.prototypes)
        return round((1 - self._weights.dense) * words + self._weights.dense * max(dense, 0.0), _DECIMALS)

    def _norms(self, cue: _IndexedCue) -> list[float]:
        """Lengths of a cue as a whole and of its single messages."""
        if cue.norms is None:
            cue.norms = [
                math.sqrt(sum((share * self._weight(token)) ** 2 for token, share in shares.items())) or 1.0
                for shares in (cue.shares, *cue.ones)
            ]
        return cue.norms

    def _weight(self, token: str) -> float:
        known = self._idf.get(token)
        if known is None:
            rarest = math.log(1 + self._prototypes)
            frequency = self._frequency.get(token)
            known = self._weights.unknown * rarest if frequency is None else math.log(1 + self._prototypes / frequency)
            if token.startswith("<"):
                known = max(known, 0.1 * rarest) * self._weights.placeholder
            self._idf[token] = known
        return known

    def _add(self, playbook_id: str, cue: _IndexedCue) -> None:
        self._cues[playbook_id] = cue
        self._groups.setdefault(cue.group, _Group()).add(cue, 1)
        for token, count in cue.counts.items():
            self._holders.setdefault(token, {})[playbook_id] = None
            self._frequency[token] = self._frequency.get(token, 0) + count
        self._prototypes += len(cue.prototypes)
        for number, prototype in enumerate(cue.prototypes):
            for token in prototype:
                self._places.setdefault(token, {})[playbook_id, number] = None

    def _remove(self, playbook_id: str) -> None:
        cue = self._cues.pop(playbook_id, None)
        if cue is None:
            return
        self._groups[cue.group].add(cue, -1)
        for token, count in cue.counts.items():
            del self._holders[token][playbook_id]
            self._frequency[token] -= count
            if not self._frequency[token]:
                del self._frequency[token]
        self._prototypes -= len(cue.prototypes)
        for number, prototype in enumerate(cue.prototypes):
            for token in prototype:
                del self._places[token][playbook_id, number]


def _log_sum(logs: Sequence[float]) -> float:
    """Return the logarithm of a sum of numbers that are given by their logarithms."""
    greatest = max(logs)
    return greatest + math.log(sum(math.exp(each - greatest) for each in logs))


def _overlap(query: Mapping[str, float], shares: Mapping[str, float]) -> float:
    return sum(weight * shares[token] for token, weight in query.items() if token in shares)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
