"""The learning memory: playbooks, the words of the house and what goes with what, per company.

Everything in it can be written to JSON and read back (:class:`MemorySnapshot`); equal contents give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from atlas.core.canonical import content_hash
from atlas.core.errors import FrozenMemoryError, InputFileError, UnknownNameError
from atlas.core.records import record
from atlas.learning.associations import Association, Associations, AssociationThresholds
from atlas.learning.english import is_writing
from atlas.learning.features import EvidenceWeights, Feature, FeatureCounts, speak_for
from atlas.learning.playbooks import Cue, Evidence, Lifecycle, Playbook, PlaybookKind, found_playbook
from atlas.learning.programs import (
    Follow,
    Glossary,
    Habit,
    LeaveToDefault,
    Program,
    Repair,
    Table,
    Workflow,
)
from atlas.learning.similarity import CueIndex, Embedder, SimilarityWeights

SNAPSHOT_FORMAT = 1

Signature = tuple[object, ...]


@record
class MemoryConfig:
    """How a memory looks things up.

    Attributes:
        similarity: How similarities are put together.
        associations: When a word or a table entry is used.
    """

    similarity: SimilarityWeights = SimilarityWeights()
    associations: AssociationThresholds = AssociationThresholds()


@record
class TenantWords:
    """The words and tables of one company."""

    tenant: str
    associations: tuple[Association, ...]
    word_counts: Mapping[str, int]
    texts: int


@record
class MemorySnapshot:
    """The content of a memory.

    Attributes:
        format: Version of this form.
        episodes: Number of episodes that were learned from.
        playbooks: In order of their ids.
        words: In order of the companies.
    """

    format: int
    episodes: int
    playbooks: tuple[Playbook, ...]
    words: tuple[TenantWords, ...]


class Memory:
    """Playbooks with look-up by likeness, by signature, by tool and by error.

    Args:
        config: How to look things up.
        embedder: A dense part for similarities; None for words alone.
        frozen: Whether writing raises.
    """

    def __init__(
        self, config: MemoryConfig | None = None, *, embedder: Embedder | None = None, frozen: bool = False
    ) -> None:
        self.config = config or MemoryConfig()
        self._embedder = embedder
        self._frozen = frozen
        self._playbooks: dict[str, Playbook] = {}
        self._hashes: dict[str, str] = {}
        self._indexes: dict[str | None, CueIndex] = {}
        self._signatures: dict[tuple[str | None, Signature], dict[str, None]] = {}
        self._rules: dict[tuple[str | None, str, str], dict[str, None]] = {}
        self._counts: dict[tuple[str | None, Hashable], FeatureCounts] = {}
        self._words: dict[str, Associations] = {}
        self._episodes = 0
        self._hash: str | None = None

    @property
    def frozen(self) -> bool:
        """Whether writing raises."""
        return self._frozen

    @property
    def episodes(self) -> int:
        """Number of episodes that were learned from."""
        return self._episodes

    @property
    def playbooks(self) -> tuple[Playbook, ...]:
        """Every playbook, in order of the ids."""
        return tuple(self._playbooks[name] for name in sorted(self._playbooks))

    def freeze(self) -> None:
        """Make every further write raise; cannot be undone (restore a snapshot instead)."""
        self._frozen = True

    def get(self, playbook_id: str) -> Playbook:
        """Return one playbook.

        Raises:
            UnknownNameError: there is none of that id.
        """
        if playbook_id not in self._playbooks:
            raise UnknownNameError("playbook", playbook_id, self._playbooks)
        return self._playbooks[playbook_id]

    def find(self, playbook_id: str) -> Playbook | None:
        """Return one playbook, None where there is none of that id."""
        return self._playbooks.get(playbook_id)

    def put(self, playbook: Playbook) -> None:
        """Add a playbook, or replace the one of its id.

        Raises:
            FrozenMemoryError: the memory is read-only.
        """
        self._check_writable(f"put playbook {playbook.id}")
        old = self._playbooks.get(playbook.id)
        if old is not None:
            self._unlink(old)
        self._playbooks[playbook.id] = playbook
        self._hashes.pop(playbook.id, None)
        self._link(playbook)
        self._hash = None

    def count_episode(self) -> None:
        """Count an episode that was learned from."""
        self._check_writable("count an episode")
        self._episodes += 1
        self._hash = None

    def alike(self, tenant: str, tokens: tuple[str, ...]) -> list[tuple[Playbook, float]]:
        """Return the workflows in scope that share a cue word with a message, with their log odds, best first."""
        ranked = [
            (self._playbooks[name], similarity)
            for scope in (tenant, None)
            if scope in self._indexes
            for name, similarity in self._indexes[scope].rank(tokens)
        ]
        return sorted(ranked, key=lambda item: (-item[1], item[0].id))

    def similarity(self, playbook: Playbook, tokens: tuple[str, ...]) -> float:
        """Return how alike a message and the cue of a playbook in this memory are; 0 where it is out of use."""
        index = self._indexes.get(playbook.tenant)
        return index.similarity(playbook.id, tokens) if index is not None and playbook.id in index else 0.0

    def with_signature(self, tenant: str, signature: Signature) -> tuple[Playbook, ...]:
        """Return the workflows of a company with these calls and this kind of reply, suspended ones too."""
        names = self._signatures.get((tenant, signature), {})
        return tuple(self._playbooks[name] for name in sorted(names))

    def rules(self, tenant: str, kind: str, key: str) -> tuple[Playbook, ...]:
        """Return the rules of a company of one program kind (``habit``, ``follow``, ``repair``) for a key.

        The key is a tool, for a repair ``tool/code/field``.
        """
        return tuple(self._playbooks[name] for name in sorted(self._rules.get((tenant, kind, key), {})))

    def words(self, tenant: str) -> Associations:
        """Return the words and tables of a company, for reading."""
        known = self._words.get(tenant)
        if known is None:
            known = Associations(self.config.associations)
            self._words[tenant] = known
        return known

    def words_to_teach(self, tenant: str) -> Associations:
        """Return the words and tables of a company, for writing.

        Raises:
            FrozenMemoryError: the memory is read-only.
        """
        self._check_writable(f"teach words of {tenant}")
        self._hash = None
        return self.words(tenant)

    def lessons(self) -> tuple[Playbook, ...]:
        """Return every playbook, and a readable one for each lexicon and table."""
        derived = [lesson for tenant in sorted(self._words) for lesson in _word_lessons(tenant, self._words[tenant])]
        return (*self.playbooks, *derived)

    def snapshot(self) -> MemorySnapshot:
        """Return the whole content."""
        words = tuple(
            TenantWords(tenant, tuple(known.rows()), known.word_counts, known.texts)
            for tenant, known in sorted(self._words.items())
            if known.texts or any(True for _ in known.rows())
        )
        return MemorySnapshot(SNAPSHOT_FORMAT, self._episodes, self.playbooks, words)

    @classmethod
    def restore(
        cls,
        snapshot: MemorySnapshot,
        *,
        frozen: bool = False,
        config: MemoryConfig | None = None,
        embedder: Embedder | None = None,
    ) -> Memory:
        """Return a memory with the content of ``snapshot``.

        Raises:
            InputFileError: the snapshot has a form that this version does not read.
        """
        if snapshot.format != SNAPSHOT_FORMAT:
            raise InputFileError(f"memory snapshot of format {snapshot.format}; this version reads {SNAPSHOT_FORMAT}")
        memory = cls(config, embedder=embedder)
        for playbook in snapshot.playbooks:
            memory.put(playbook)
        for words in snapshot.words:
            memory.words(words.tenant).load(words.associations, words.word_counts, words.texts)
        memory._episodes = snapshot.episodes
        memory._frozen = frozen
        return memory

    def content_hash(self) -> str:
        """Return the hash of the content: equal contents, equal hashes. Kept until the next write."""
        if self._hash is None:
            lines = [str(self._episodes)]
            for name in sorted(self._playbooks):
                if name not in self._hashes:
                    self._hashes[name] = content_hash(self._playbooks[name])
                lines.append(self._hashes[name])
            for tenant in sorted(self._words):
                prints = list(self._words[tenant].fingerprints())
                if any(prints):
                    lines += [tenant, *prints]
            self._hash = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return self._hash

    def _check_writable(self, what: str) -> None:
        if self._frozen:
            raise FrozenMemoryError(f"cannot {what}: this memory is frozen for a test; restore it with frozen=False")

    def _index(self, tenant: str | None) -> CueIndex:
        if tenant not in self._indexes:
            self._indexes[tenant] = CueIndex(self.config.similarity, self._embedder)
        return self._indexes[tenant]

    def evidence(self, playbook: Playbook, here: Mapping[str, Feature], weights: EvidenceWeights) -> float:
        """Return what a situation says for or against a playbook (see :func:`atlas.learning.features.speak_for`)."""
        group = self._counts.get((playbook.tenant, _ending_of(playbook.program)), _NO_COUNTS)
        everything = self._counts.get((playbook.tenant, ()), _NO_COUNTS)
        return speak_for(playbook.evidence.ranges, group, everything, here, weights)

    def _count(self, playbook: Playbook, sign: int) -> None:
        for group in (_ending_of(playbook.program), ()):
            self._counts.setdefault((playbook.tenant, group), FeatureCounts()).add(playbook.evidence.ranges, sign)

    def _link(self, playbook: Playbook) -> None:
        self._count(playbook, 1)
        in_use = playbook.state not in (Lifecycle.SUSPENDED, Lifecycle.RETIRED)
        if isinstance(playbook.program, (Workflow, LeaveToDefault)):
            if in_use:
                known = playbook.cue.situation
                self._index(playbook.tenant).put(
                    playbook.id,
                    playbook.cue.prototypes,
                    known or signature_of(playbook.program),
                    alike=bool(known),
                )
            place = (playbook.tenant, signature_of(playbook.program))
            self._signatures.setdefault(place, {})[playbook.id] = None
        elif in_use:
            self._rules.setdefault((playbook.tenant, *_rule_key(playbook.program)), {})[playbook.id] = None

    def _unlink(self, playbook: Playbook) -> None:
        self._count(playbook, -1)
        if isinstance(playbook.program, (Workflow, LeaveToDefault)):
            self._index(playbook.tenant).put(playbook.id, ())
            self._signatures.get((playbook.tenant, signature_of(playbook.program)), {}).pop(playbook.id, None)
        else:
            self._rules.get((playbook.tenant, *_rule_key(playbook.program)), {}).pop(playbook.id, None)


def signature_of(program: Workflow | LeaveToDefault) -> Signature:
    """Return what a workflow does apart from its values: tools, arguments, kind of reply, facts told."""
    if isinstance(program, LeaveToDefault):
        return ("default", *program.tools)
    steps = tuple((step.tool, step.error, tuple(sorted(slot.path for slot in step.slots))) for step in program.steps)
    reply = program.reply
    return (steps, reply.outcome, reply.reason, tuple(sorted(fact.path for fact in reply.facts)))


def _ending_of(program: Program) -> Hashable:
    """Return what a program changes and how it ends."""
    if not isinstance(program, Workflow):
        return program.kind
    changes = tuple(sorted({(step.tool, step.error) for step in program.steps if is_writing(step.tool)}))
    return (changes, program.reply.outcome, program.reply.reason)


_NO_COUNTS = FeatureCounts()


def suspended(playbook: Playbook) -> Playbook:
    """Return ``playbook`` taken out of use."""
    return replace(playbook, state=Lifecycle.SUSPENDED)


def _rule_key(program: Program) -> tuple[str, str]:
    if isinstance(program, Repair):
        return program.kind, f"{program.tool}/{program.code}/{program.field}"
    if isinstance(program, (Habit, Follow)):
        return program.kind, program.tool
    return program.kind, ""


def _word_lessons(tenant: str, known: Associations) -> Iterable[Playbook]:
    spaces: dict[str, list[tuple[str, str]]] = {}
    marks: dict[str, int] = {}
    for row in known.rows():
        if row.key.known and row.value.known and row.count >= known.thresholds.least_support:
            spaces.setdefault(row.space, []).append((str(row.key.value), str(row.value.value)))
            marks[row.space] = marks.get(row.space, 0) + row.count
    for space in sorted(spaces):
        kind, _, name = space.partition(":")
        name = name or f"{kind} of names"
        entries = tuple(sorted(spaces[space]))
        program = Glossary(name, entries) if kind == "word" else Table(name, entries)
        lesson = PlaybookKind.LEXICON if kind == "word" else PlaybookKind.REFERENCE
        yield replace(
            found_playbook(tenant, lesson, Cue(), program, Evidence(followed_ok=marks[space])), state=Lifecycle.ACTIVE
        )


def tenants_of(playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """Return the companies that lessons are bound to, sorted."""
    return tuple(sorted({playbook.tenant for playbook in playbooks if playbook.tenant is not None}))
