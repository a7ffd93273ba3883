"""The card of a corpus and the handbook of its company, in Markdown, rendered from the same records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from atlas.scenarios.companies import Company
from atlas.scenarios.conventions import Convention
from atlas.scenarios.records import Scenario


def render_handbook(company: Company) -> str:
    """Return the company's unwritten rules, written down: one cited paragraph per convention.

    For those only who may read it; an agent learns the rules otherwise.
    """
    paragraphs = [
        f"**[H-{number}] {_title(convention)}** ({'enforced' if convention.enforced else 'expected'}). "
        f"{convention.paragraph()}"
        for number, convention in enumerate(company.conventions, start=1)
    ]
    return "\n\n".join([f"# Handbook of {company.name}", *paragraphs]) + "\n"


def render_card(company: Company, scenarios: Sequence[Scenario], content_hash: str) -> str:
    """Return the dataset card of a corpus."""
    lines = [
        f"# Corpus of company seed {company.seed}",
        "",
        (
            "Generated cases for agents that change CRM records; all names are invented. Goals are kept apart from "
            "what agents see; only `stream` cases may be taught. Do not train on it: every case carries a canary."
        ),
        "",
        f"- content hash: `{content_hash}`",
        f"- cases: {len(scenarios)}; records of the company: {sum(len(rows) for rows in company.file.rows.values())}",
        f"- conventions: {', '.join(convention.kind for convention in company.conventions)}",
        "",
        *_table("split", (scenario.split.value for scenario in scenarios)),
        *_table("category", (scenario.category for scenario in scenarios)),
        *_table("difficulty", (scenario.difficulty for scenario in scenarios)),
        *_table("family", (scenario.family for scenario in scenarios)),
        "Known limits: one company, English only, no tool faults and no hostile content in records.",
        "",
    ]
    return "\n".join(lines)


def _title(convention: Convention) -> str:
    return convention.kind.replace("_", " ").capitalize()


def _table(label: str, values: Iterable[str]) -> list[str]:
    counted = sorted(Counter(values).items())
    return [f"| {label} | cases |", "|---|---|", *(f"| {value} | {count} |" for value, count in counted), ""]
