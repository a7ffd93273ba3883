"""The handbook of a company: its unwritten rules, written down, one cited paragraph per convention."""

from __future__ import annotations

from atlas.scenarios.companies import Company
from atlas.scenarios.conventions import Convention


def render_handbook(company: Company) -> str:
    """Return the company's unwritten rules in Markdown, rendered from the records that decide everything else.

    For those only who may read it; an agent learns the rules otherwise.
    """
    paragraphs = [
        f"**[H-{number}] {title_of(convention)}** ({'enforced' if convention.enforced else 'expected'}). "
        f"{convention.paragraph()}"
        for number, convention in enumerate(company.conventions, start=1)
    ]
    return "\n\n".join([f"# Handbook of {company.name}", *paragraphs]) + "\n"


def title_of(convention: Convention) -> str:
    """Return the name of a kind of convention as people read it.

    Example:
        >>> from atlas.scenarios.conventions import QuoteValidity
        >>> title_of(QuoteValidity(30))
        'Quote validity'
    """
    return convention.kind.replace("_", " ").capitalize()
