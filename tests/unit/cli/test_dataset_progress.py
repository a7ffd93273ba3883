"""Progress of replays and agent runs on a terminal."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from rich.console import Console

from atlas.cli.dataset_progress import LiveRun, PlainRun, watch_replay, watch_run
from atlas.evaluation.datasets.records import ConversationResult, SessionRecord


class _Session:
    """As much of a session as progress looks at."""

    def __init__(self, success: bool | None) -> None:  # noqa: FBT001 - what it is
        self.conversation_result = ConversationResult(success, 1, None, None, (), {})


def _sessions(*successes: bool | None) -> list[SessionRecord]:
    return [cast("SessionRecord", _Session(success)) for success in successes]


def _console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def _told(console: Console) -> str:
    return cast("Any", console.file).getvalue()


def test_a_terminal_shows_a_bar_that_goes_on() -> None:
    """With what is done and how much of it is right; kept sessions count."""
    console = _console(terminal=True)
    watcher = watch_run(console)
    assert isinstance(watcher, LiveRun)
    watcher.started(4, _sessions(True))
    for session in _sessions(False, None, True):
        watcher.session_finished(session)
    watcher.close()
    watcher.close()
    assert "2 of 3 right" in _told(console)
    assert "4/4" in _told(console)


def test_elsewhere_there_is_a_line_now_and_then() -> None:
    """Ten at most, however many conversations there are."""
    console = _console(terminal=False)
    watcher = watch_run(console)
    assert isinstance(watcher, PlainRun)
    watcher.started(50, _sessions(True, True))
    for session in _sessions(*[None] * 48):
        watcher.session_finished(session)
    watcher.close()
    lines = _told(console).splitlines()
    assert lines[0] == "resumed: 2 of 50 conversations kept"
    assert lines[-1] == "[50/50] 2 of 2 right"
    assert len(lines) == 11


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_a_replay_is_watched_on_a_terminal_only(*, terminal: bool) -> None:
    """It takes seconds."""
    console = _console(terminal=terminal)
    with watch_replay(console) as watch:
        watch(3, 7)
    assert ("3/7" in _told(console)) is terminal
