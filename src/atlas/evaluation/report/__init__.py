"""The report of an experiment: one self-contained page, a table in the terminal, and Markdown, from one set of rows."""

from __future__ import annotations

from atlas.evaluation.report.html import render_report
from atlas.evaluation.report.pages import PlaybookPage

__all__ = ["PlaybookPage", "render_report"]
