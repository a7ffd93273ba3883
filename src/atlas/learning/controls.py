"""Controls of an experiment: memories that are wrong on purpose, to see what the right one is worth."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from atlas.core.rng import derive_rng
from atlas.learning.associations import Association
from atlas.learning.memory import MemorySnapshot, TenantWords
from atlas.learning.playbooks import Playbook
from atlas.learning.programs import (
    Follow,
    Habit,
    LeaveToDefault,
    Repair,
    Workflow,
)

T = TypeVar("T")


def shuffle_programs(snapshot: MemorySnapshot, seed: int) -> MemorySnapshot:
    """Return a memory in which every cue calls up another lesson's program.

    Workflows swap their programs among each other, rules likewise; every phrase and table key gets the value of
    another one. Cues, evidence and sizes stay as they are.
    """
    rng = derive_rng(seed, "shuffle_programs")
    swapped: dict[str, Playbook] = {}
    for kinds in ((Workflow, LeaveToDefault), (Habit,), (Follow,), (Repair,)):
        group = [playbook for playbook in snapshot.playbooks if isinstance(playbook.program, kinds)]
        for playbook, other in zip(group, _derange(group, rng), strict=True):
            swapped[playbook.id] = replace(playbook, program=other.program)
    return replace(
        snapshot,
        playbooks=tuple(swapped.get(playbook.id, playbook) for playbook in snapshot.playbooks),
        words=tuple(_shuffle_words(words, rng) for words in snapshot.words),
    )


def rebind_tenant(snapshot: MemorySnapshot, tenant: str) -> MemorySnapshot:
    """Return a memory whose company lessons (levels 1 and 2) claim to be ``tenant``'s."""
    playbooks = tuple(
        playbook if playbook.tenant is None else replace(playbook, tenant=tenant) for playbook in snapshot.playbooks
    )
    words = tuple(replace(words, tenant=tenant) for words in snapshot.words)
    return replace(snapshot, playbooks=playbooks, words=words)


def _shuffle_words(words: TenantWords, rng: random.Random) -> TenantWords:
    by_space: dict[str, list[Association]] = {}
    for row in words.associations:
        by_space.setdefault(row.space, []).append(row)
    shuffled: list[Association] = []
    for space in sorted(by_space):
        rows = by_space[space]
        values = sorted({row.value.digest for row in rows})
        mapping = dict(zip(values, _derange(values, rng), strict=True))
        kept = {row.value.digest: row.value for row in sorted(rows, key=lambda row: row.value.known)}
        shuffled += [replace(row, value=kept[mapping[row.value.digest]]) for row in rows]
    return replace(words, associations=tuple(shuffled))


def _derange(items: Sequence[T], rng: random.Random) -> list[T]:
    """Return ``items`` in an order in which none keeps its place (where there is more than one)."""
    order = list(range(len(items)))
    rng.shuffle(order)
    following = {place: order[(index + 1) % len(order)] for index, place in enumerate(order)}
    return [items[following[place]] for place in range(len(items))]
