"""Live progress, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from atlas.cli.progress import Lane, LiveProgress, PlainProgress, Tally, watch
from atlas.evaluation.config import ExperimentConfig, parse_experiment
from atlas.evaluation.records import Arm, EpisodeRecord, Phase
from atlas.evaluation.units import Unit


@pytest.fixture
def config() -> ExperimentConfig:
    """Two companies, all arms."""
    return parse_experiment({"name": "toy", "company_seeds": [1, 2], "corpus": {"stream": 4, "test_same": 3}}, "toy")


def episode(position: int, *, strict: bool, company_seed: int = 1) -> EpisodeRecord:
    return EpisodeRecord(
        company_seed=company_seed,
        phase=Phase.STREAM,
        arm=Arm.LEARNED,
        position=position,
        scenario_id=f"s{position}",
        split="stream",
        family="f",
        blueprint="b",
        paraphrase="p",
        level=2,
        category="success",
        vocabulary="",
        score=float(strict),
        strict=strict,
        failed_fields=(),
        caps=(),
        calls=1,
        writes=1,
        reviewed=True,
        demonstrated=False,
        playbooks=(),
        similarity=0.0,
        memory_hash="",
    )


def test_a_tally_counts_per_lane_and_per_unit(config: ExperimentConfig) -> None:
    """A lane is a phase and arm over all companies."""
    tally = Tally(config)
    tally.add(episode(0, strict=True))
    tally.add(episode(0, strict=False, company_seed=2))
    lane = Lane(Phase.STREAM, Arm.LEARNED)
    assert (tally.finished(lane), tally.totals[lane]) == (2, 8)
    assert tally.success(lane).startswith("50.0 % [")
    assert tally.success(Unit(1, Phase.STREAM, Arm.LEARNED)).startswith("100.0 % [")
    assert tally.success(Lane(Phase.TEST, Arm.LEARNED)) == ""
    assert tally.total == 2 * (3 * 4 + 6 * 3)


def test_away_from_a_terminal_each_unit_is_a_line(config: ExperimentConfig) -> None:
    """No control characters, no line per episode."""
    text = io.StringIO()
    progress = watch(Console(file=text))
    assert isinstance(progress, PlainProgress)
    progress.started(config, [episode(0, strict=True)])
    progress.episode_finished(episode(1, strict=False))
    progress.unit_finished(Unit(1, Phase.STREAM, Arm.LEARNED))
    progress.finished()
    progress.close()
    assert text.getvalue().splitlines() == [
        "toy: 60 episodes, companies 1, 2",
        "resumed: 1 episodes kept",
        "[2/60] company 1, stream, learned: 50.0 % [9.5, 90.5]",
    ]


def test_on_a_terminal_a_table_is_redrawn(config: ExperimentConfig) -> None:
    """Phases, arms, success with its interval, and how far it is; closing twice does no harm."""
    text = io.StringIO()
    progress = watch(Console(file=text, force_terminal=True, width=120, color_system=None))
    assert isinstance(progress, LiveProgress)
    progress.started(config, [])
    for position in range(4):
        progress.episode_finished(episode(position, strict=position > 1))
    progress.unit_finished(Unit(1, Phase.STREAM, Arm.LEARNED))
    progress.finished()
    progress.close()
    shown = text.getvalue()
    for part in ("frozen test", "wrong company", "50.0 % [15.0, 85.0]", "4/60", "time left"):
        assert part in shown
