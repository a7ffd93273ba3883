"""Errors become exit codes and one message; bugs stay bugs."""

from __future__ import annotations

import pytest
import typer

from atlas.cli.failures import Interrupted, exit_code_of
from atlas.core.errors import AtlasError, ConfigError, CorpusError, MissingExtraError, MisuseError


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (AtlasError("it broke"), 1, "error: it broke\n"),
        (CorpusError("bad corpus"), 1, "error: bad corpus\n"),
        (MisuseError("wrong flag"), 2, "error: wrong flag\n"),
        (ConfigError("wrong key"), 2, "error: wrong key\n"),
        (MissingExtraError("minilm", "embeddings"), 3, "error: embeddings needs the extra 'minilm'; "),
        (
            PermissionError(13, "Permission denied", "/nowhere/x"),
            2,
            "error: cannot use /nowhere/x: Permission denied; ",
        ),
        (Interrupted("go on with --resume"), 130, "interrupted: go on with --resume\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
    ids=["ran-and-failed", "corpus", "misuse", "config", "dependency", "path", "interrupted", "ctrl-c"],
)
def test_an_error_is_one_message_on_stderr_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, told: str
) -> None:
    """Nothing on stdout, no traceback."""

    def command() -> None:
        raise error

    assert exit_code_of(command) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(told)
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_an_interruption_that_the_argument_parser_took_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends the process with 130 and says nothing itself."""
    app = typer.Typer()

    @app.command()
    def interrupted() -> None:  # pyright: ignore[reportUnusedFunction] - the parser calls it
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        exit_code_of(lambda: app([]))
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "interrupted\n")


@pytest.mark.parametrize("code", [0, 2])
def test_other_ends_of_the_argument_parser_pass_through(capsys: pytest.CaptureFixture[str], code: int) -> None:
    """It has said what there is to say."""

    def command() -> None:
        raise SystemExit(code)

    with pytest.raises(SystemExit) as ended:
        exit_code_of(command)
    assert ended.value.code == code
    assert capsys.readouterr() == ("", "")


def test_success_is_zero() -> None:
    """A command that returns is done."""
    assert exit_code_of(lambda: None) == 0


def test_a_bug_keeps_its_traceback() -> None:
    """What is not an error of Atlas passes through."""

    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_code_of(command)
