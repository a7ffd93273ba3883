"""How alike a message and the cues of playbooks are: words weighted by rarity over an inverted index.

Token sets are kept, never recomputed; a query touches only cues that share a word with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
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
_LEAST_WORDING = 2  # words; messages of fewer words are no sign of a common topic
_DECIMALS = 6  # similarities are rounded before they are compared


class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    def embed(self, tokens: tuple[str, ...]) -> Sequence[float]:
        """Return the vector of a cue, for the same words always the same one."""
        ...


@record
class SimilarityWeights:
    """How a similarity is put together.

    Attributes:
        nearest: Weight of the nearest single message that the playbook answered; the rest is the whole of them.
        unknown: Weight of a word that no cue has, as a share of the rarest known word's.
        dense: Weight of the embedding, where there is one.
        placeholder: Weight of a ``<type>`` word, as a share of a rare word's.
        mismatch: Share of the similarity that is lost for every kind of value that the message has and no message of
            the playbook had, or that all of them had and the message lacks.
    """

    nearest: float = 0.5
    unknown: float = 0.35
    dense: float = 0.3
    placeholder: float = 0.4
    mismatch: float = 0.2


class _IndexedCue:
    """A playbook's cue, prepared for comparison."""

    def __init__(self, prototypes: tuple[tuple[str, ...], ...]) -> None:
        self.prototypes = prototypes
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
        self._frequency: dict[str, int] = {}
        self._prototypes = 0
        self._wordings: dict[tuple[str, ...], dict[str, None]] = {}
        self._topics: dict[str, str] | None = None
        self._idf: dict[str, float] = {}
        self._rankings: dict[tuple[str, ...], list[tuple[str, float]]] = {}

    def __contains__(self, playbook_id: object) -> bool:
        return playbook_id in self._cues

    def put(self, playbook_id: str, prototypes: tuple[tuple[str, ...], ...]) -> None:
        """Set the cue of a playbook; no prototypes remove it."""
        known = self._cues.get(playbook_id)
        if (known.prototypes if known is not None else ()) == prototypes:
            return
        self._remove(playbook_id)
        if prototypes:
            self._add(playbook_id, _IndexedCue(prototypes))
        self._topics = None
        self._idf.clear()
        self._rankings.clear()
        for cue in self._cues.values():
            cue.norms = None

    def rank(self, tokens: tuple[str, ...]) -> list[tuple[str, float]]:
        """Return the playbooks that share a word with ``tokens``, with their similarities in [0, 1], best first."""
        known = self._rankings.get(tokens)
        if known is None:
            scores = [(playbook_id, self.similarity(playbook_id, tokens)) for playbook_id in self._sharing(tokens)]
            known = sorted(scores, key=lambda scored: (-scored[1], scored[0]))
            self._rankings[tokens] = known
        return known

    def topic(self, playbook_id: str) -> str:
        """Return the topic of a playbook: those that answered a message of the same words and kinds of values share it.

        They tell different answers to one kind of message; likeness cannot choose between them.
        """
        if self._topics is None:
            self._topics = self._group()
        return self._topics[playbook_id]

    def _group(self) -> dict[str, str]:
        parent = {playbook_id: playbook_id for playbook_id in self._cues}

        def root(name: str) -> str:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        for holders in self._wordings.values():
            names = list(holders)
            for other in names[1:]:
                one, two = sorted((root(names[0]), root(other)))
                parent[two] = one
        return {name: root(name) for name in parent}

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

    def _sharing(self, tokens: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for token in tokens:
            found |= self._holders.get(token, {})
        return list(found)

    def _add(self, playbook_id: str, cue: _IndexedCue) -> None:
        self._cues[playbook_id] = cue
        for token, count in cue.counts.items():
            self._holders.setdefault(token, {})[playbook_id] = None
            self._frequency[token] = self._frequency.get(token, 0) + count
        for prototype in cue.prototypes:
            wording = _wording(prototype)
            if sum(not token.startswith("<") for token in prototype) >= _LEAST_WORDING:
                self._wordings.setdefault(wording, {})[playbook_id] = None
        self._prototypes += len(cue.prototypes)

    def _remove(self, playbook_id: str) -> None:
        cue = self._cues.pop(playbook_id, None)
        if cue is None:
            return
        for token, count in cue.counts.items():
            del self._holders[token][playbook_id]
            self._frequency[token] -= count
            if not self._frequency[token]:
                del self._frequency[token]
        for prototype in cue.prototypes:
            self._wordings.get(_wording(prototype), {}).pop(playbook_id, None)
        self._prototypes -= len(cue.prototypes)


def _overlap(query: Mapping[str, float], shares: Mapping[str, float]) -> float:
    return sum(weight * shares[token] for token, weight in query.items() if token in shares)


def _wording(prototype: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(token for token in prototype if not token.startswith("<"))
    return words + tuple(sorted({_VALUE_KINDS[token] for token in prototype if token in _VALUE_KINDS}))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
