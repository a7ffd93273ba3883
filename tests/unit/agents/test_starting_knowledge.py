"""The documentation of what Clerk knows at the start is what the code says."""

from pathlib import Path

from atlas.agents.starting_knowledge import describe_start
from atlas.crm.tools.registry import TOOL_SPECS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "clerk.md"


def test_the_page_is_printed_from_the_code() -> None:
    """The marked part of the page equals the printed text; paste it there after a change."""
    page = PAGE.read_text(encoding="utf-8")
    _, _, rest = page.partition("<!-- start of printed part -->\n")
    printed, mark, _ = rest.partition("<!-- end of printed part -->")
    assert mark
    assert printed == describe_start(TOOL_SPECS) + "\n"
