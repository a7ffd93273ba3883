"""Lets tests share the files of conversations that they run on."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # where conversation_files is
