"""The list of system packages is read as a person would read it."""

from __future__ import annotations

import pytest

from install_test_packages import parse_packages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("# only a comment\n\n", [], id="comments"),
        pytest.param("chromium\nchromium-driver\n", ["chromium", "chromium-driver"], id="two"),
        pytest.param("  chromium  # draws the report\n", ["chromium"], id="trailing-comment"),
    ],
)
def test_one_package_a_line(text: str, expected: list[str]) -> None:
    """Names are kept in order, comments and blank lines are not."""
    assert parse_packages(text) == expected
