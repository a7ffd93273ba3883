"""The dataset card of a corpus, in Markdown: what is in it, what was checked, what it is not for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.failures import FAILURES
from atlas.scenarios.gates import GateReport
from atlas.verify.goals import Split


def render_card(corpus: Corpus, report: GateReport | None = None, *, commitment: str | None = None) -> str:
    """Return the card of ``corpus``.

    Args:
        corpus: The corpus.
        report: What the gates found about it; None where they were not applied yet.
        commitment: Of a private corpus, the hash of its secret, which then stands in the place of every seed: a card
            can be handed out.
    """
    return "\n".join([*_head(corpus, commitment), *_contents(corpus), *_gates(report), *_limits(), ""])


def _head(corpus: Corpus, commitment: str | None) -> Iterator[str]:
    yield "# Private corpus" if commitment else f"# Corpus of seed {corpus.recipe.company_seed}"
    yield ""
    yield (
        "Generated cases for agents that change CRM records; all names are invented. Goals are kept apart from what "
        "agents see; only `stream` cases may be taught. Do not train on it: every case carries a canary."
    )
    yield ""
    yield f"- content hash: `{corpus.content_hash}`"
    if commitment:
        yield f"- commitment to its secret (SHA-256): `{commitment}`"
    yield f"- generator version: {GENERATOR_VERSION}; profile: {corpus.recipe.profile}; order: {corpus.recipe.order}"
    blueprints = {(scenario.family, scenario.blueprint) for scenario in corpus.scenarios}
    wordings = {(scenario.family, scenario.paraphrase) for scenario in corpus.scenarios}
    families = {scenario.family for scenario in corpus.scenarios}
    yield (
        f"- cases: {len(corpus.scenarios)}; families: {len(families)}; blueprints: {len(blueprints)}; "
        f"wordings: {len(wordings)}"
    )
    yield ""
    yield "| company | records | conventions | cases |"
    yield "|---|---|---|---|"
    for company in corpus.companies:
        records = sum(len(rows) for rows in company.file.rows.values())
        cases = sum(scenario.company_seed == company.seed for scenario in corpus.scenarios)
        kinds = ", ".join(convention.kind for convention in company.conventions)
        name = company.name if commitment else f"{company.seed} ({company.name})"
        yield f"| {name} | {records} | {len(company.conventions)}: {kinds} | {cases} |"
    yield ""


def _contents(corpus: Corpus) -> Iterator[str]:
    cases = corpus.scenarios
    splits = Counter(scenario.split for scenario in cases)
    yield from _table("split", {split.value: splits[split] for split in Split if splits[split]})
    yield from _counted("category", (scenario.category for scenario in cases))
    yield from _counted("level", (str(scenario.level) for scenario in cases))
    yield from _counted("difficulty", (scenario.difficulty for scenario in cases))
    yield from _counted("messages of the user", (f"{len(one.customer_script.turns):2}" for one in cases))
    yield from _counted("family", (scenario.family for scenario in cases))
    failures = Counter(scenario.failure for scenario in cases)
    yield "| failure | group | severity | right behaviour | cases |"
    yield "|---|---|---|---|---|"
    for template in FAILURES:
        cells = (template.id, template.group.value, template.severity.value, template.expected.value)
        yield f"| {' | '.join(cells)} | {failures[template.id]} |"
    yield ""


def _gates(report: GateReport | None) -> Iterator[str]:
    if report is None:
        yield "The gates were not applied yet: `atlas scenarios check`."
        yield ""
        return
    yield "| gate | promise | checked | failed | |"
    yield "|---|---|---|---|---|"
    for gate in report.gates:
        yield f"| {gate.gate} | {gate.promise} | {gate.checked} | {gate.failed} | {gate.verdict} |"
    yield ""
    unchecked = [f"- {gate.gate}: {part}" for gate in report.gates for part in gate.unchecked]
    if unchecked:
        yield from ("Not checked:", "", *unchecked, "")
    yield from _table("damaged runs", report.mutants)
    yield "| shortcut | of successes | of failures |"
    yield "|---|---|---|"
    yield from (f"| {score.agent} | {score.success:.1%} | {score.failure:.1%} |" for score in report.shortcuts)
    yield ""
    diversity = report.diversity
    tool, share = next(iter(diversity.tools.items()), ("none", 0.0))
    yield (
        f"{diversity.utterances} utterances, {diversity.distinct} of them different without names and figures; "
        f"{diversity.turns} messages; near-duplicates across splits: {len(diversity.near_duplicates)}; "
        f"most frequent tool: {tool} ({share:.1%} of the calls)."
    )
    yield ""


def _limits() -> Iterator[str]:
    yield (
        "Known limits: English only; the user's side is scripted; a goal is judged by net changes and by what was "
        "told, so the way there counts only where it leaves a trace."
    )


def _counted(label: str, values: Iterable[str]) -> Iterator[str]:
    return _table(label, dict(sorted(Counter(values).items())))


def _table(label: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"| {label} | cases |"
    yield "|---|---|"
    yield from (f"| {value.strip()} | {count} |" for value, count in counts.items())
    yield ""
