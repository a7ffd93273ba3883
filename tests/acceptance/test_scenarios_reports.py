"""``atlas scenarios check|stats|diff`` tell the truth about a corpus: sound, damaged, compared with another."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from warm_atlas import WarmAtlas

from atlas.cli.failures import exit_code_of
from atlas.cli.main import app
from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.corpus import Corpus, cook, generate_corpus
from atlas.scenarios.corpus_files import write_corpus
from atlas.scenarios.recipes import recipe_of
from atlas.verify.goals import Goal, SealedCase, Split

RunAtlas: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"
Rows: TypeAlias = "list[dict[str, Any]]"


@pytest.fixture(scope="module")
def small() -> Corpus:
    """A few cases of three splits."""
    return generate_corpus(7, stream=14, dev=4, test_same=6, size=300)


@pytest.fixture
def home(small: Corpus, tmp_path: Path) -> Path:
    """A folder with that corpus in it."""
    write_corpus(small, tmp_path / "corpus")
    return tmp_path


def _lines(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _with_case(corpus: Corpus, place: int, **changed: object) -> Corpus:
    case: SealedCase = dataclasses.replace(corpus.sealed[place], **changed)
    return dataclasses.replace(corpus, sealed=(*corpus.sealed[:place], case, *corpus.sealed[place + 1 :]))


def _first_that_writes(corpus: Corpus) -> int:
    return next(place for place, case in enumerate(corpus.sealed) if case.goal.expected_changes)


# ---------------------------------------------------------------------------------------------------------------------
# check


def _generous(corpus: Corpus) -> Corpus:
    """Have the goal of a case ask for nothing."""
    return _with_case(corpus, _first_that_writes(corpus), goal=Goal())


def _one_way_only(corpus: Corpus) -> Corpus:
    place = _first_that_writes(corpus)
    return _with_case(corpus, place, solutions=corpus.sealed[place].solutions[:1])


def _talkative(corpus: Corpus) -> Corpus:
    """Have a user say the canary of the case."""
    first = corpus.scenarios[0]
    script = dataclasses.replace(first.customer_script, shrug=f"I can't tell you more than {first.canary}.")
    said = dataclasses.replace(first, customer_script=script)
    return dataclasses.replace(corpus, scenarios=(said, *corpus.scenarios[1:]))


DAMAGES: dict[str, tuple[Callable[[Corpus], Corpus], str]] = {
    "do_nothing": (_generous, "solved by doing nothing"),
    "two_paths": (_one_way_only, "one path only"),
    "words": (_talkative, "gives away ['atlas-canary-"),
}


@pytest.mark.parametrize("gate", DAMAGES)
def test_a_damaged_case_breaks_the_gate_that_is_there_for_it(
    warm: WarmAtlas, small: Corpus, tmp_path: Path, gate: str
) -> None:
    """Exit code 1; the table, the message and the card name the gate, the message the case; the rest is kept."""
    damage, finding = DAMAGES[gate]
    damaged = damage(small)
    write_corpus(damaged, tmp_path / "corpus")
    done = warm.run(tmp_path, "scenarios", "check", "corpus")
    assert done.returncode == 1, done.stderr
    found = re.search(rf"{gate}: (sc-\w+) \([\w/-]+\): (.+)", done.stderr)
    assert found is not None, done.stderr
    assert found[2].startswith(finding)
    assert found[1] in {scenario.scenario_id for scenario in damaged.scenarios}
    verdicts = _verdicts(done.stdout)
    assert verdicts[gate] == "broken"
    assert f"breaks {list(verdicts.values()).count('broken')} of its promises" in done.stderr
    assert {verdicts[other] for other in ("blunder", "disjoint", "balance", "fields")} == {"kept"}
    assert verdicts["taxonomy"] == "not checked"
    assert re.search(rf"\| {gate} \| .+ \| \d+ \| 1 \|", (tmp_path / "corpus" / "card.md").read_text())
    assert "Traceback" not in done.stderr


def _verdicts(table: str) -> Mapping[str, str]:
    """Return what the table says of each gate."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if line.startswith("│")]
    return {row[0]: row[-1] for row in rows if row[0]}


def test_a_check_writes_the_card_and_nothing_else(warm: WarmAtlas, home: Path) -> None:
    """What a sound corpus is checked for stands on its card then, with JSON for machines; several processes agree."""
    before = {path.name: path.read_bytes() for path in (home / "corpus").iterdir()}
    alone = warm.run(home, "scenarios", "check", "corpus", "--json")
    assert alone.returncode == 0, alone.stderr
    report = json.loads(alone.stdout)
    assert {gate["gate"] for gate in report["gates"] if not gate["checked"]} == {"taxonomy"}
    assert not any(gate["failed"] for gate in report["gates"])
    after = {path.name: path.read_bytes() for path in (home / "corpus").iterdir()}
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"card.md"}
    card = after["card.md"].decode()
    for gate in report["gates"]:
        verdict = "kept" if gate["checked"] else "not checked"
        assert f"| {gate['gate']} | {gate['promise']} | {gate['checked']} | 0 | {verdict} |" in card
        assert all(f"- {gate['gate']}: {part}\n" in card for part in gate["unchecked"])
    together = warm.run(home, "scenarios", "check", "corpus", "--json", "--jobs", "2")
    assert (together.returncode, together.stdout) == (0, alone.stdout), together.stderr


def test_what_a_small_corpus_is_not_checked_for_is_told(warm: WarmAtlas, home: Path) -> None:
    """With the size from which on it is, and never as a promise that is kept."""
    done = warm.run(home, "scenarios", "check", "corpus")
    assert done.returncode == 0, done.stderr
    assert _verdicts(done.stdout)["taxonomy"] == "not checked"
    few = "from 1000 cases on, there are 24"
    assert [line for line in done.stdout.splitlines() if line.startswith("not checked: ")] == [
        f"not checked: diversity: 2 different utterances for every case ({few}; here: more than one for two cases)",
        "not checked: diversity: no tool over 25% of the calls (where the families are balanced, these are not)",
        "not checked: balance: 15 families in stream (from 61 cases on, there are 14)",
        "not checked: balance: 15 families in test_same (from 61 cases on, there are 6)",
        "not checked: taxonomy: every group has cases (from 188 failures on, there are 10)",
    ]


@pytest.mark.parametrize("jobs", [2])
def test_a_killed_process_of_a_check_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], jobs: int
) -> None:
    """No traceback, exit code 3, and the card stays as it was."""

    def die(_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("atlas.scenarios.gates.examine", die)
    card = (home / "corpus" / "card.md").read_bytes()
    command = ["scenarios", "check", str(home / "corpus"), "--jobs", str(jobs)]
    assert exit_code_of(lambda: app(command, prog_name="atlas", standalone_mode=False)) == 3
    told = f"error: one of the {jobs} processes that check cases was killed, perhaps for want of memory"
    assert told in capsys.readouterr().err
    assert (home / "corpus" / "card.md").read_bytes() == card


# ---------------------------------------------------------------------------------------------------------------------
# show


def test_the_handbook_is_data_too(warm: WarmAtlas, home: Path, small: Corpus) -> None:
    """With --json, a rule each with its number and its words."""
    done = warm.run(home, "scenarios", "show", "corpus", "--handbook", "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert told["company"] == small.company.name
    assert [rule["convention"] for rule in told["rules"]] == [rule.kind for rule in small.company.conventions]
    read = warm.run(home, "scenarios", "show", "corpus", "--handbook").stdout
    assert all(f"[{rule['number']}] {rule['title']}" in read and rule["text"] in read for rule in told["rules"])


# ---------------------------------------------------------------------------------------------------------------------
# check on another store


@pytest.mark.slow
def test_the_oracle_ends_on_a_database_as_it_does_in_memory(
    run_atlas: RunAtlas, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Sixty cases of all seven splits, every solution of them; one gate more in the table and on the card."""
    corpus = cook(recipe_of(7, 60, records=600))
    write_corpus(corpus, tmp_path / "corpus")
    done = run_atlas("scenarios", "check", "corpus", "--backend", "postgres", "--json")
    assert done.returncode == 0, done.stderr
    *others, last = json.loads(done.stdout)["gates"]
    solutions = sum(len(case.solutions) for case in corpus.sealed)
    assert (last["gate"], last["checked"], last["failed"]) == ("other_store", solutions, 0)
    assert "other_store" not in {gate["gate"] for gate in others}
    assert f"| other_store | {last['promise']} | {solutions} | 0 |" in (tmp_path / "corpus" / "card.md").read_text()
    request.node.user_properties.append(("figures", f"on PostgreSQL: {solutions} solutions of 60 cases as in memory"))


# ---------------------------------------------------------------------------------------------------------------------
# stats


def test_the_counts_are_those_of_the_file(warm: WarmAtlas, home: Path) -> None:
    """Counted again from the lines on disk."""
    done = warm.run(home, "scenarios", "stats", "corpus", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    cases = _lines(home / "corpus" / "scenarios.jsonl")
    counts = told["counts"]
    for what, key in (("split", "split"), ("category", "category"), ("difficulty", "difficulty"), ("family", "family")):
        assert counts[what] == dict(sorted(Counter(case[key] for case in cases).items()))
    assert counts["level"] == dict(sorted(Counter(str(case["level"]) for case in cases).items()))
    failures = Counter(case["failure"] for case in cases if case["failure"] is not None)
    assert counts["failure"] == dict(sorted(failures.items()))
    assert sum(counts["group of failures"].values()) == failures.total() == counts["category"]["failure"]
    rules = Counter(rule for case in cases for rule in case["conventions"])
    assert counts["convention"] == dict(sorted(rules.items()))
    scripts = [case["customer_script"] for case in cases]
    turns = Counter(f"{len(script['turns']):2}" for script in scripts)
    assert counts["messages of the user"] == dict(sorted(turns.items()))
    said = sum(len(script["turns"]) + len(script["disclosures"]) for script in scripts)
    assert told["diversity"]["utterances"] == said
    calls = Counter(
        call["tool"]
        for case in _lines(home / "corpus" / "goals.jsonl")
        for turn in case["solutions"][0]["turns"]
        for call in turn
        if call["tool"] != "respond"
    )
    assert told["diversity"]["tools"] == {tool: count / calls.total() for tool, count in calls.items()}


def test_the_counts_are_told_to_people_too(warm: WarmAtlas, home: Path, small: Corpus) -> None:
    """A table for each, the language in words; nothing of a goal."""
    done = warm.run(home, "scenarios", "stats", "corpus")
    assert done.returncode == 0, done.stderr
    assert re.search(r"│ stream\s+│\s+14 │", done.stdout)
    for family, count in Counter(scenario.family for scenario in small.scenarios).items():
        assert re.search(rf"│ {family}\s+│\s+{count} │", done.stdout), family
    assert "near-duplicates across splits: 0" in done.stdout
    assert "expected_changes" not in done.stdout


# ---------------------------------------------------------------------------------------------------------------------
# diff


def test_a_corpus_does_not_differ_from_itself(warm: WarmAtlas, home: Path) -> None:
    """Scores on it can be compared."""
    done = warm.run(home, "scenarios", "diff", "corpus", "corpus")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"generator versions: {GENERATOR_VERSION} before, {GENERATOR_VERSION} after",
        *("the same: 24", "judged otherwise: 0", "taught otherwise: 0", "removed: 0", "added: 0"),
        *("companies that changed: none", "scores on the two can be compared"),
    ]


def test_a_goal_that_was_mended_is_named(warm: WarmAtlas, home: Path, small: Corpus) -> None:
    """By the id of its case; another solution of another case is named as what it is."""
    place = _first_that_writes(small)
    mended = _with_case(small, place, goal=Goal())
    other = next(n for n, case in enumerate(small.sealed) if n != place and len(case.solutions) > 1)
    write_corpus(_with_case(mended, other, solutions=small.sealed[other].solutions[::-1]), home / "mended")
    done = warm.run(home, "scenarios", "diff", "corpus", "mended")
    assert done.returncode == 0, done.stderr
    assert "the same: 22\n" in done.stdout
    assert f"judged otherwise: 1 ({small.scenarios[place].scenario_id})\n" in done.stdout
    assert f"taught otherwise: 1 ({small.scenarios[other].scenario_id})\n" in done.stdout
    assert done.stdout.endswith("scores on the two cannot be compared\n")


def test_cases_that_came_and_went_are_counted_by_family(warm: WarmAtlas, home: Path, small: Corpus) -> None:
    """Here the held-out cases go, and those of another company come."""
    kept = [place for place, scenario in enumerate(small.scenarios) if scenario.split is not Split.TEST_SAME]
    stranger = generate_corpus(8, stream=5, dev=0, test_same=0, size=300)
    changed = dataclasses.replace(
        small,
        scenarios=(*(small.scenarios[place] for place in kept), *stranger.scenarios),
        sealed=(*(small.sealed[place] for place in kept), *stranger.sealed),
        strangers=(stranger.company,),
        recipe=dataclasses.replace(small.recipe, stream=19, test_same=0),
    )
    write_corpus(changed, home / "changed")
    done = warm.run(home, "scenarios", "diff", "corpus", "changed", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["affects_scores"] is True
    assert told["generator_versions"] == {"before": GENERATOR_VERSION, "after": GENERATOR_VERSION}
    found = told["diff"]
    gone = small.split(Split.TEST_SAME)
    assert found["removed"] == [scenario.scenario_id for scenario in gone]
    assert found["removed_by_family"] == dict(sorted(Counter(scenario.family for scenario in gone).items()))
    assert found["added"] == [scenario.scenario_id for scenario in stranger.scenarios]
    assert found["added_by_family"] == dict(sorted(Counter(one.family for one in stranger.scenarios).items()))
    assert (found["same"], found["companies"]) == (18, [8])
