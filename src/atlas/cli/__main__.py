"""``python -m atlas.cli``: the executable without its script."""

from __future__ import annotations

from atlas.cli.main import main

if __name__ == "__main__":
    main()
