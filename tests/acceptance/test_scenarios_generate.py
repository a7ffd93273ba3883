"""``atlas scenarios generate``: options change what they say, secrets stay secret, interruptions cost nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from atlas_process import TIMEOUT_S
from warm_atlas import WarmAtlas

from atlas.scenarios.conventions import Vocabulary
from atlas.scenarios.corpus import Corpus
from atlas.scenarios.corpus_files import load_corpus, load_manifest, write_corpus
from atlas.scenarios.families import get_family
from atlas.verify.goals import Split

StartAtlas: TypeAlias = "Callable[..., subprocess.Popen[str]]"
Make: TypeAlias = "Callable[..., Corpus]"

SIZES = ("--stream", "60", "--test-same", "5", "--records", "300")
INTERRUPTED = 130


def _bytes_in(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---------------------------------------------------------------------------------------------------------------------
# Options


@pytest.fixture
def make(warm: WarmAtlas, tmp_path: Path) -> Make:
    """Generate a corpus with some options and return it."""

    def run(name: str, *options: str) -> Corpus:
        done = warm.run(tmp_path, "scenarios", "generate", "--seed", "4", *options, "--out", name)
        assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stderr
        corpus = load_corpus(tmp_path / name)
        assert corpus.content_hash == load_manifest(tmp_path / name).content_hash
        return corpus

    return run


def test_other_house_words_leave_no_house_word_as_it_was(make: Make) -> None:
    """The same company in other words: nicknames and parameters differ, people and the number of cases do not."""
    plain, other = make("plain", *SIZES), make("other", *SIZES, "--reskin", "9")
    assert (plain.recipe.reskin, other.recipe.reskin) == (None, 9)
    assert _nicknames(plain)
    assert not _nicknames(plain) & _nicknames(other)
    assert plain.recipe.counts == other.recipe.counts
    assert [rule.kind for rule in plain.company.conventions] == [rule.kind for rule in other.company.conventions]


def _nicknames(corpus: Corpus) -> set[str]:
    vocabularies = (rule for rule in corpus.company.conventions if isinstance(rule, Vocabulary))
    return {term.nickname for rule in vocabularies for term in rule.terms}


def test_a_composed_stream_starts_with_what_needs_fewer_rules(make: Make) -> None:
    """As many cases of each kind as in the shuffled one, in another order; the held-out cases are the same."""
    naive, composed = make("naive", *SIZES), make("composed", *SIZES, "--order", "compositional")
    assert (naive.recipe.order, composed.recipe.order) == ("naive", "compositional")
    assert naive.split(Split.TEST_SAME) == composed.split(Split.TEST_SAME)
    needed = [len(get_family(scenario.family).needs) for scenario in composed.split(Split.STREAM)]
    assert sum(needed[:30]) < sum(needed[30:])
    shuffled = [len(get_family(scenario.family).needs) for scenario in naive.split(Split.STREAM)]
    assert shuffled != needed
    assert _inversions(needed) < _inversions(shuffled) / 2


def _inversions(numbers: list[int]) -> int:
    """How many pairs stand in the wrong order."""
    return sum(one > other for place, one in enumerate(numbers) for other in numbers[place:])


def test_the_balanced_profile_evens_the_families_out(make: Make) -> None:
    """The most frequent family has a smaller share, and more families take part."""
    counts = {
        profile: Counter(one.family for one in make(profile, *SIZES, "--profile", profile).split(Split.STREAM))
        for profile in ("production", "balanced")
    }
    assert max(counts["balanced"].values()) < max(counts["production"].values())
    assert len(counts["balanced"]) > len(counts["production"])


@pytest.mark.parametrize(("holdout", "stream"), [("0.25", 30), (None, 16)])
def test_the_holdout_is_the_share_of_the_cases_that_are_not_to_learn_from(
    make: Make, holdout: str | None, stream: int
) -> None:
    """Of 40 cases; three fifths where nothing is said."""
    options = () if holdout is None else ("--holdout", holdout)
    corpus = make("corpus", "--size", "40", "--records", "300", *options)
    assert (len(corpus.split(Split.STREAM)), len(corpus.scenarios)) == (stream, 40)


# ---------------------------------------------------------------------------------------------------------------------
# Secrets

SECRET = "correct horse battery staple"  # noqa: S105 - nobody's


def test_a_private_corpus_keeps_its_secret(warm: WarmAtlas, tmp_path: Path) -> None:
    """It is in no file and in no output; what is published is a hash of it; whoever knows it gets the same bytes."""
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    (tmp_path / "bare.txt").write_text(SECRET)
    (tmp_path / "other.txt").write_text(SECRET.upper())
    made: dict[str, Mapping[str, bytes]] = {}
    for name in ("secret", "bare", "other"):
        options = ("--size", "20", "--records", "200", "--secret-file", f"{name}.txt", "--out", f"of-{name}", "--json")
        done = warm.run(tmp_path, "scenarios", "generate", *options)
        assert done.returncode == 0, done.stderr
        made[name] = _bytes_in(tmp_path / f"of-{name}")
        told = json.loads(done.stdout)
        commitment = hashlib.sha256((tmp_path / f"{name}.txt").read_text().strip().encode()).hexdigest()
        assert told["commitment"] == load_manifest(tmp_path / f"of-{name}").commitment == commitment
        assert commitment in done.stderr + done.stdout
        assert SECRET.casefold() not in (done.stdout + done.stderr).casefold()
    assert made["secret"] == made["bare"]
    assert made["secret"]["scenarios.jsonl"] != made["other"]["scenarios.jsonl"]
    texts = [content for files in made.values() for content in files.values()]
    assert not any(SECRET.encode() in content.lower() for content in texts)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("bare.txt", "of-bare", "of-other", "of-secret", "other.txt", "secret.txt")
    ]


def test_people_are_told_the_hash_to_publish_and_not_the_seed(warm: WarmAtlas, tmp_path: Path) -> None:
    """The seed would give the corpus away; the folder that it is written to has no seed in its name either."""
    (tmp_path / "secret.txt").write_text(SECRET)
    options = ("--size", "20", "--records", "200", "--secret-file", "secret.txt")
    done = warm.run(tmp_path, "scenarios", "generate", *options)
    assert (done.returncode, done.stdout) == (0, "artifacts/corpora/private\n")
    assert "publish this hash of the secret before anybody is measured: " in done.stderr
    seed = load_manifest(tmp_path / "artifacts" / "corpora" / "private").recipe.company_seed
    assert str(seed) not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def private(warm: WarmAtlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a private corpus ``priv`` of all splits."""
    home = tmp_path_factory.mktemp("private")
    (home / "secret.txt").write_text(SECRET)
    options = ("--size", "30", "--records", "200", "--secret-file", "secret.txt", "--out", "priv")
    assert warm.run(home, "scenarios", "generate", *options).returncode == 0
    return home


def _seeds(folder: Path) -> set[str]:
    """The seeds that the goals of a corpus could be generated from, as they are written."""
    recipe = load_manifest(folder).recipe
    return {str(seed) for seed in (recipe.company_seed, *(seed for seed, _ in recipe.strangers))}


def test_what_is_handed_out_of_a_private_corpus_names_no_seed(warm: WarmAtlas, private: Path) -> None:
    """Neither tasks of any split, nor exports, nor the card, before and after a check; a hash names the corpus."""
    seeds, manifest = _seeds(private / "priv"), load_manifest(private / "priv")
    assert len(seeds) > 1
    handed = [(private / "priv" / "card.md").read_text()]
    for split in Split:
        out = f"{split.value}.jsonl"
        done = warm.run(private, "scenarios", "tasks", "--corpus", "priv", "--split", split.value, "--out", out)
        assert done.returncode == 0, done.stderr
        tasks = [json.loads(line) for line in (private / out).read_text().splitlines()]
        assert {task["dataset_hash"] for task in tasks} == {manifest.content_hash}
        assert not any({"recipe"} & {*task["conversation"]} for task in tasks)
        assert not any({"company_seed"} & {*task["conversation"]["scenario"]} for task in tasks)
        handed += [(private / out).read_text(), done.stdout, done.stderr]
    export = warm.run(private, "scenarios", "export", "--db-seeds", "--corpus", "priv", "--out", "rows")
    assert export.returncode == 0, export.stderr
    assert f"private corpus {manifest.content_hash}" in (private / "rows" / "seeds.sql").read_text()
    handed += [(private / "rows" / name).read_text() for name in ("seeds.sql", "seeds.jsonl")]
    checked = warm.run(private, "scenarios", "check", "priv")
    assert checked.returncode == 0, checked.stderr
    card = (private / "priv" / "card.md").read_text()
    assert card.startswith("# Private corpus\n")
    assert f"`{manifest.commitment}`" in card
    handed += [card, checked.stdout, checked.stderr]
    assert [seed for seed in seeds for text in handed if seed in text] == []


def _cut_behind_the_seed(name: str) -> Callable[[Path], object]:
    def damage(folder: Path) -> object:
        text = (folder / name).read_text()
        seed = text.index('"company_seed":') + len('"company_seed":')
        return (folder / name).write_text(text[: seed + 9])

    return damage


def _put_into_quotes(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    seed = str(load_manifest(folder).recipe.company_seed)
    (folder / "manifest.json").write_text(text.replace(seed, f'"{seed}"'))


def _move_away(folder: Path) -> None:
    """Say that the first case plays nowhere, and vouch for it."""
    corpus = load_corpus(folder)
    moved = dataclasses.replace(corpus.scenarios[0], company_seed=7)
    write_corpus(
        dataclasses.replace(corpus, scenarios=(moved, *corpus.scenarios[1:])),
        folder,
        commitment=load_manifest(folder).commitment,
    )


LEAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "manifest-cut": (_cut_behind_the_seed("manifest.json"), "priv/manifest.json: not valid JSON"),
    "line-cut": (_cut_behind_the_seed("scenarios.jsonl"), "priv/scenarios.jsonl:1: not valid JSON"),
    "seed-in-quotes": (_put_into_quotes, "priv/manifest.json: recipe.company_seed: Input should be a valid integer"),
    "case-of-nowhere": (_move_away, "priv/manifest.json: a case plays in a company that companies.jsonl does not hold"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_no_message_about_a_private_corpus_shows_its_seed(
    warm: WarmAtlas, private: Path, tmp_path: Path, leak: str
) -> None:
    """Nor the first figures of it: what stands in a damaged file is not cited."""
    damage, message = LEAKS[leak]
    shutil.copytree(private / "priv", tmp_path / "priv")
    damage(tmp_path / "priv")
    for command in (("check", "priv"), ("tasks", "--corpus", "priv", "--out", "t.jsonl")):
        done = warm.run(tmp_path, "scenarios", *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert not any(seed[:6] in done.stderr for seed in _seeds(private / "priv"))


def test_a_case_that_a_private_corpus_does_not_hold_is_told_without_its_seed(warm: WarmAtlas, private: Path) -> None:
    """Also at the door for clients of the protocol."""
    for command in (("scenarios", "show", "priv", "sc-x"), ("crm", "mcp", "--corpus", "priv", "--scenario", "sc-x")):
        done = warm.run(private, *command)
        assert done.returncode == 2
        assert "'sc-x'; known: sc-" in done.stderr
        assert not any(seed in done.stderr for seed in _seeds(private / "priv"))


def test_equal_corpora_give_equal_tasks(warm: WarmAtlas, tmp_path: Path) -> None:
    """Whenever they were written; the revision is the content hash."""
    for name in ("a", "b"):
        made = warm.run(tmp_path, "scenarios", "generate", "--stream", "5", "--records", "200", "--out", name)
        assert made.returncode == 0, made.stderr
        os.utime(tmp_path / name / "scenarios.jsonl", (1_000_000_000, 1_000_000_000) if name == "a" else None)
        options = ("--corpus", name, "--out", f"{name}.jsonl", "--run-id", "20260302T093000-0a1b2c3d")
        assert warm.run(tmp_path, "scenarios", "tasks", *options).returncode == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    task = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
    assert task["dataset_revision"] == load_manifest(tmp_path / "a").content_hash


def test_a_public_corpus_has_no_commitment(make: Make, tmp_path: Path) -> None:
    """There is nothing to be told later."""
    make("public", "--stream", "5", "--records", "200")
    assert load_manifest(tmp_path / "public").commitment is None


# ---------------------------------------------------------------------------------------------------------------------
# Where it goes


def test_the_folder_that_one_is_in_is_not_replaced(warm: WarmAtlas, tmp_path: Path) -> None:
    """Also where it is empty: a shell would be left in a folder that is no more. Nothing is written next to it."""
    (tmp_path / "here").mkdir()
    done = warm.run(tmp_path / "here", "scenarios", "generate", "--stream", "5", "--records", "200", "--out", ".")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: . is the folder that you are in")
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_an_empty_folder_and_one_behind_a_link_are_filled(warm: WarmAtlas, tmp_path: Path) -> None:
    """A link stays a link, and leads to the corpus."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    done = warm.run(tmp_path, "scenarios", "generate", "--stream", "5", "--records", "200", "--out", "link")
    assert (done.returncode, done.stdout) == (0, "link\n"), done.stderr
    assert (tmp_path / "link").is_symlink()
    assert len(load_corpus(tmp_path / "real").scenarios) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


@pytest.mark.slow
def test_more_cases_than_there_is_room_for_are_refused(warm: WarmAtlas, tmp_path: Path) -> None:
    """The message names the number to change, and nothing stays behind."""
    done = warm.run(tmp_path, "scenarios", "generate", "--stream", "3000", "--records", "200", "--out", "new")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cases of the split 'stream', not for 3000: no name is left that nobody has" in done.stderr
    assert done.stderr.endswith("; ask for fewer cases with --stream\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seeds", [("42", "5"), ("5", "5")], ids=["two corpora", "the same corpus"])
def test_of_two_that_generate_into_one_folder_one_does(
    start_atlas: StartAtlas, tmp_path: Path, seeds: tuple[str, str]
) -> None:
    """The other is told to wait or to go elsewhere; nothing is mixed, replaced or left."""
    options = ("--size", "60", "--records", "400", "--out", "new")
    first = start_atlas("scenarios", "generate", "--seed", seeds[0], *options)
    _wait_for((tmp_path / ".new.parts" / "recipe.json").exists, first)
    second = start_atlas("scenarios", "generate", "--seed", seeds[1], *options)
    told = [process.communicate(timeout=TIMEOUT_S) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 2), told
    assert "another process is generating the corpus of new" in told[1][1] or "new holds a corpus" in told[1][1]
    assert load_corpus(tmp_path / "new").company_seed == int(seeds[0])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


# ---------------------------------------------------------------------------------------------------------------------
# Interruptions

LONG = ("scenarios", "generate", "--seed", "5", "--size", "240", "--records", "600", "--out", "cut")


@pytest.fixture(scope="module")
def whole(warm: WarmAtlas, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The files of the corpus of a run that nobody disturbed."""
    home = tmp_path_factory.mktemp("whole")
    assert warm.run(home, *LONG).returncode == 0
    return _bytes_in(home / "cut")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signal_", "code"),
    [(signal.SIGINT, INTERRUPTED), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["ctrl-c", "killed"],
)
def test_an_interrupted_generation_ends_with_the_same_bytes(
    warm: WarmAtlas,
    start_atlas: StartAtlas,
    tmp_path: Path,
    whole: Mapping[str, bytes],
    *,
    signal_: signal.Signals,
    code: int,
) -> None:
    """No half corpus is where the whole one is to be; the same command again takes up what was done, and tidies up."""
    process = start_atlas(*LONG)
    parts = tmp_path / ".cut.parts"
    _wait_for(lambda: bool(list(parts.glob("chapter-*.json"))), process)
    os.killpg(process.pid, signal_)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (code, "")
    assert "Traceback" not in stderr
    if signal_ is signal.SIGINT:
        assert stderr == f"interrupted: finished splits are kept in {parts}; the same command continues\n"
    assert not (tmp_path / "cut").exists()
    kept = {path.name for path in parts.glob("chapter-*.json")}
    assert kept
    assert len(kept) < 7, "something was left to do"
    done = warm.run(tmp_path, *LONG)
    assert (done.returncode, done.stdout) == (0, "cut\n"), done.stderr
    assert _bytes_in(tmp_path / "cut") == whole
    assert [path.name for path in tmp_path.iterdir()] == ["cut"]


def _wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not happened():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)
