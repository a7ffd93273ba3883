"""Lists the targets of the Makefile with what they do.

Run: ``make help``
"""

from __future__ import annotations

import re
from pathlib import Path

_TARGET = re.compile(r"^([a-z][a-z-]*):[^#\n]*## (.+)$", flags=re.MULTILINE)


def list_targets(makefile: str) -> list[tuple[str, str]]:
    r"""Return every documented target with its description, in the order of the file.

    Example:
        >>> list_targets("test: setup ## run the tests\n\tpytest\n")
        [('test', 'run the tests')]
    """
    return _TARGET.findall(makefile)


def main() -> None:
    """Print the targets."""
    makefile = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8")
    for name, description in list_targets(makefile):
        print(f"make {name:<10} {description}")


if __name__ == "__main__":
    main()
