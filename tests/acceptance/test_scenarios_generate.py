"""``atlas scenarios generate``: options change what they say, secrets stay secret, interruptions cost nothing."""

from __future__ import annotations

import hashlib
import json
import os
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
from atlas.scenarios.corpus_files import load_corpus, load_manifest
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
