"""Live progress: what an experiment tells whoever is watching. Nothing that is told changes a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from atlas.evaluation.config import ExperimentConfig
from atlas.evaluation.records import EpisodeRecord
from atlas.evaluation.units import Unit


class Observer(Protocol):
    """Somebody who watches an experiment."""

    def started(self, config: ExperimentConfig, kept: Sequence[EpisodeRecord]) -> None:
        """Take note that an experiment begins, with the episodes that were kept from an interrupted run of it."""
        ...

    def episode_finished(self, episode: EpisodeRecord) -> None:
        """Take note of a finished episode, in the order in which they end."""
        ...

    def unit_finished(self, unit: Unit) -> None:
        """Take note that every episode of a company's phase and arm has ended."""
        ...

    def finished(self) -> None:
        """Take note that all episodes have ended; figures and report follow."""
        ...


class SilentObserver:
    """Watches and says nothing."""

    def started(self, config: ExperimentConfig, kept: Sequence[EpisodeRecord]) -> None:
        """See :class:`Observer`."""

    def episode_finished(self, episode: EpisodeRecord) -> None:
        """See :class:`Observer`."""

    def unit_finished(self, unit: Unit) -> None:
        """See :class:`Observer`."""

    def finished(self) -> None:
        """See :class:`Observer`."""
