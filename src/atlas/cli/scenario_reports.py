"""``atlas scenarios stats|diff``: what is in an exam, and what changed from one to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from atlas.cli.options import JsonOption
from atlas.cli.scenarios import CorpusDir
from atlas.cli.terminal import put_json, put_table, put_text
from atlas.scenarios.comparison import CorpusDiff, compare_corpora
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import load_corpus, load_manifest
from atlas.scenarios.diversity import Diversity, measure_diversity
from atlas.scenarios.failures import get_failure

_SHOWN_TOOLS = 5


def stats(corpus_dir: CorpusDir, *, as_json: JsonOption = False) -> None:
    """Count what is in a corpus: splits, families, levels, failures, conventions, messages, language.

    \b
    Example:
      atlas scenarios stats artifacts/corpora/seed-42
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    corpus = load_corpus(corpus_dir)
    diversity = measure_diversity(corpus.scenarios, corpus.sealed)
    counts = _counts(corpus)
    if as_json:
        put_json({"content_hash": corpus.content_hash, "counts": counts, "diversity": diversity})
        return
    for what, counted in counts.items():
        put_table(_table_of(what, counted))
    put_text(_told_of(diversity))


def diff(
    before: Annotated[
        Path, typer.Argument(metavar="BEFORE", envvar="ATLAS_CORPUS_BEFORE", help="Folder of the one corpus.")
    ],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", envvar="ATLAS_CORPUS_AFTER", help="Folder of the other corpus.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Tell what changed from one corpus to another, and whether scores on them can be compared.

    \b
    Example:
      atlas scenarios diff artifacts/corpora/before artifacts/corpora/after
    """  # noqa: D301 - the backspace keeps the lines of the example apart
    found = compare_corpora(load_corpus(before, any_version=True), load_corpus(after, any_version=True))
    folders = {"before": before, "after": after}
    versions = {name: load_manifest(folder).generator_version for name, folder in folders.items()}
    if as_json:
        put_json({"affects_scores": found.affects_scores, "generator_versions": versions, "diff": found})
    else:
        told = ", ".join(f"{version} {name}" for name, version in versions.items())
        put_text(f"generator versions: {told}\n{_told_of_diff(found)}")


def _counts(corpus: Corpus) -> Mapping[str, Mapping[str, int]]:
    cases = corpus.scenarios
    failures = [scenario.failure for scenario in cases if scenario.failure is not None]
    return {
        "split": _counted(scenario.split.value for scenario in cases),
        "category": _counted(scenario.category for scenario in cases),
        "level": _counted(str(scenario.level) for scenario in cases),
        "difficulty": _counted(scenario.difficulty for scenario in cases),
        "task": _counted(scenario.tags[0] for scenario in cases),
        "register": _counted(scenario.tags[1] for scenario in cases),
        "messages of the user": _counted(f"{len(scenario.customer_script.turns):2}" for scenario in cases),
        "group of failures": _counted(get_failure(failure).group.value for failure in failures),
        "failure": _counted(failures),
        "convention": _counted(kind for scenario in cases for kind in scenario.conventions),
        "family": _counted(scenario.family for scenario in cases),
    }


def _counted(labels: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(labels).items()))


def _table_of(what: str, counted: Mapping[str, int]) -> Table:
    table = Table()
    table.add_column(what, no_wrap=True)
    table.add_column("cases", justify="right")
    for label, count in counted.items():
        table.add_row(Text(label.strip()), str(count))
    return table


def _told_of(diversity: Diversity) -> str:
    tools = ", ".join(f"{tool} {share:.1%}" for tool, share in list(diversity.tools.items())[:_SHOWN_TOOLS])
    lines = (
        f"utterances: {diversity.utterances}, {diversity.distinct} different without names and figures",
        f"near-duplicates across splits: {len(diversity.near_duplicates)}",
        f"tools, by their share of the calls of the first solutions: {tools}",
    )
    return "\n".join(lines)


def _told_of_diff(found: CorpusDiff) -> str:
    lines = [
        f"the same: {found.same}",
        f"judged otherwise: {len(found.rescored)} {_listed(found.rescored)}",
        f"taught otherwise: {len(found.retaught)} {_listed(found.retaught)}",
        f"removed: {len(found.removed)} {_by_family(found.removed_by_family)}",
        f"added: {len(found.added)} {_by_family(found.added_by_family)}",
        f"companies that changed: {', '.join(map(str, found.companies)) or 'none'}",
        "scores on the two cannot be compared" if found.affects_scores else "scores on the two can be compared",
    ]
    return "\n".join(line.rstrip() for line in lines)


def _listed(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:_SHOWN_TOOLS])
    return f"({shown}{', ...' if len(ids) > _SHOWN_TOOLS else ''})" if ids else ""


def _by_family(counted: Mapping[str, int]) -> str:
    return f"({', '.join(f'{family} {count}' for family, count in counted.items())})" if counted else ""
