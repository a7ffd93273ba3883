"""The one executable, ``atlas``: one file per command group."""
