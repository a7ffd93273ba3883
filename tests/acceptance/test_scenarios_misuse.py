"""The commands about exams on bad input: exit code 2, a message with the value and what is allowed, nothing written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from warm_atlas import WarmAtlas

from atlas.scenarios.casting import GENERATOR_VERSION
from atlas.scenarios.corpus import generate_corpus
from atlas.scenarios.corpus_files import write_corpus

Content: TypeAlias = "dict[Path, bytes | None]"

CONVERSATION = {
    "conversation_id": "one",
    "turns": [
        {"turn_id": 1, "user_utterance": "Find Birch", "expected_tool": "client_search", "expected_args": {}},
    ],
    "initial_entities": {"seed_data": {"Client": {"0b6f4c5e-5f0a-4b7e-9d3c-6f5c1a2b3c4d": {"name": "Birch"}}}},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, damaged copies of it, and other things that are no corpus; nobody may write there."""
    home = tmp_path_factory.mktemp("misuse")
    write_corpus(generate_corpus(7, stream=6, dev=0, test_same=4, size=200), home / "corpus")
    for name, damage in DAMAGES.items():
        shutil.copytree(home / "corpus", home / name)
        damage(home / name)
    (home / "empty").mkdir()
    (home / "manifest-only").mkdir()
    shutil.copy(home / "corpus" / "manifest.json", home / "manifest-only")
    (home / "full").mkdir()
    (home / "full" / "letter.txt").write_text("dear all")
    (home / "short.txt").write_text("swordfish\n")
    (home / "blank.txt").write_text("\n")
    (home / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (home / "broken.jsonl").write_text(json.dumps(CONVERSATION) + "\n{nonsense\n")
    (home / "talk.jsonl").write_text(json.dumps(CONVERSATION) + "\n")
    return home


@pytest.fixture(scope="module")
def untouched(home: Path) -> Content:
    """What is in it."""
    return _content_of(home)


def _edited(file: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return damage


def _without(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def _written(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def _unvouched(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "files": {}}))


def _cut(folder: Path) -> None:
    lines = (folder / "goals.jsonl").read_text().splitlines(keepends=True)
    (folder / "goals.jsonl").write_text("".join(lines[:-1]))


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Rewrite the manifest in a way that nothing else tells of."""

    def damage(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "other-counts": _manifest(lambda said: said["counts"].update(stream=7)),
    "count-of-nothing": _manifest(lambda said: said["counts"].update(audit=0)),
    "other-categories": _manifest(lambda said: said["categories"].update(success=9)),
    "other-levels": _manifest(lambda said: said["levels"].update({"9": 1})),
    "other-failures": _manifest(lambda said: said["failures"].clear()),
    "odd-commitment": _manifest(lambda said: said.update(commitment="sure")),
    "strange-file": _manifest(lambda said: said["files"].update({"../letter.txt": "0"})),
    "absurd-size": _manifest(lambda said: said["recipe"].update(size=10**9)),
    "negative-split": _manifest(lambda said: said["recipe"].update(stream=-5)),
    "negative-seed": _manifest(lambda said: said["recipe"].update(company_seed=-1)),
    "other-split": _manifest(lambda said: said["recipe"].update(dev=3)),
    "other-profile": _manifest(lambda said: said["recipe"].update(profile="balanced")),
    "other-seed": _manifest(lambda said: said["recipe"].update(company_seed=8)),
    "no-cases": _manifest(lambda said: said["recipe"].update(stream=0, test_same=0)),
    "old-generator": _edited("manifest.json", '"generator_version":"', '"generator_version":"0.'),
    "no-json": _edited("manifest.json", "{", ""),
    "misspelt": _edited("manifest.json", '"counts"', '"count"'),
    "bad-recipe": _edited("manifest.json", '"profile":"production"', '"profile":"even"'),
    "blank-manifest": _written("manifest.json", b""),
    "binary-manifest": _written("manifest.json", b"\xff\xfe{}"),
    "no-manifest": _without("manifest.json"),
    "no-hashes": _unvouched,
    "other-hash": _edited("manifest.json", '"content_hash":"', '"content_hash":"0'),
    "no-companies": _without("companies.jsonl"),
    "blank-companies": _written("companies.jsonl", b""),
    "broken-company": _edited("companies.jsonl", '"tenant"', '"tennant"'),
    "other-company": _edited("companies.jsonl", '"name":"', '"name":"The '),
    "broken-line": _edited("scenarios.jsonl", "\n", "\n{nonsense\n"),
    "misspelt-key": _edited("scenarios.jsonl", '"split"', '"spilt"'),
    "reworded": _edited("scenarios.jsonl", '"turns":["', '"turns":["Well, '),
    "wrong-type": _edited("goals.jsonl", '"goal":{', '"goal":{"limits":7,"x":{'),
    "other-goal": _edited("goals.jsonl", '"max_writes":null', '"max_writes":3'),
    "goal-missing": _cut,
}

FOLDERS = {
    "other-counts": "other-counts/manifest.json: counts: says 7 of 'stream', there are 6; generate the corpus again",
    "count-of-nothing": "count-of-nothing/manifest.json: counts: says 0 of 'audit', there are 0",
    "other-categories": "other-categories/manifest.json: categories: says 9 of 'success', there are ",
    "other-levels": "other-levels/manifest.json: levels: says 1 of '9', there are 0; generate the corpus again",
    "other-failures": "other-failures/manifest.json: failures: says 0 of '",
    "odd-commitment": "odd-commitment/manifest.json: commitment: 'sure' is no hash of a secret, which has 64",
    "strange-file": "strange-file/manifest.json: has the hash of ../letter.txt, which is no file of a corpus",
    "absurd-size": "absurd-size/manifest.json: recipe.size: 1000000000 is not a whole number from 200 to 5000",
    "negative-split": "negative-split/manifest.json: recipe.stream: -5 is not a whole number from 0 to 100000",
    "negative-seed": "negative-seed/manifest.json: recipe.company_seed: -1 is not a whole number from 0 on",
    "other-split": "other-split/manifest.json: recipe: asks for 3 cases of the split 'dev', there are 0",
    "other-profile": "other-profile/manifest.json: recipe: the cases are not those of the profile 'balanced'",
    "other-seed": "other-seed/manifest.json: recipe: is of another company than the first one of companies.jsonl",
    "no-cases": "no-cases/manifest.json: recipe.counts: an exam has one case or more; generate the corpus again",
    "nowhere": "cannot read nowhere/manifest.json: No such file or directory; name the folder of a corpus, or make one "
    "with `atlas scenarios generate --out FOLDER`",
    "empty": "cannot read empty/manifest.json: No such file or directory; name the folder of a corpus, or make one",
    "full": "cannot read full/manifest.json: No such file or directory",
    "talk.jsonl": "cannot read talk.jsonl/manifest.json: Not a directory",
    "no-manifest": "cannot read no-manifest/manifest.json: No such file or directory",
    "old-generator": "old-generator/manifest.json: made by generator '0.",
    "no-json": "no-json/manifest.json: not valid JSON",
    "misspelt": "misspelt/manifest.json: missing key 'counts'; unknown key 'count'",
    "bad-recipe": "bad-recipe/manifest.json: recipe.profile: Input should be 'production' or 'balanced' (got 'even')",
    "blank-manifest": "blank-manifest/manifest.json: not valid JSON",
    "binary-manifest": "binary-manifest/manifest.json is not UTF-8 text: byte 0 is invalid",
    "no-hashes": "no-hashes/manifest.json: has no hash of scenarios.jsonl, goals.jsonl, companies.jsonl; generate",
    "other-hash": "other-hash/manifest.json: tells of a corpus with the hash 0",
    "no-companies": "cannot read no-companies/companies.jsonl",
    "blank-companies": "blank-companies/companies.jsonl: holds no company; generate the corpus again",
    "broken-company": "broken-company/companies.jsonl:1: missing key 'tenant'; unknown key 'tennant'",
    "other-company": "other-company/companies.jsonl: changed since the manifest was written; generate the corpus again",
    "broken-line": "broken-line/scenarios.jsonl:2: not valid JSON",
    "misspelt-key": "misspelt-key/scenarios.jsonl:1: missing key 'split'; unknown key 'spilt'",
    "reworded": "reworded/scenarios.jsonl: changed since the manifest was written; generate the corpus again",
    "wrong-type": "wrong-type/goals.jsonl:1: ",
    "other-goal": "other-goal/goals.jsonl: changed since the manifest was written; generate the corpus again",
    "goal-missing": "goal-missing: scenarios.jsonl and goals.jsonl do not hold the same cases in the same order",
}
"""What is said of a folder that is no corpus, or one that somebody worked on."""

READERS: dict[str, Callable[[str], list[str]]] = {
    "check": lambda folder: ["check", folder],
    "show": lambda folder: ["show", folder],
    "diff-before": lambda folder: ["diff", folder, "corpus"],
    "diff-after": lambda folder: ["diff", "corpus", folder],
    "tasks": lambda folder: ["tasks", "--corpus", folder, "--out", "tasks.jsonl"],
    "export": lambda folder: ["export", "--db-seeds", "--corpus", folder, "--out", "seeds"],
}

GENERATE = ("scenarios", "generate", "--out", "new")
FORCED = ("scenarios", "generate", "--out", "corpus", "--force")
TASKS = ("scenarios", "tasks", "--out", "new.jsonl")
IMPORT = ("scenarios", "import", "clbench")
EXPORT = ("scenarios", "export", "--db-seeds")

REQUESTS: dict[str, tuple[tuple[str, ...], str]] = {
    "size-negative": ((*GENERATE, "--size", "-5"), "'-5' is not a whole number from "),
    "size-zero": ((*GENERATE, "--size", "0"), "'0' is not a whole number from "),
    "size-small": ((*GENERATE, "--size", "5"), "'5' is not a whole number from 20 to 100000"),
    "size-absurd": ((*GENERATE, "--size", "1000000"), "'1000000' is not a whole number from "),
    "size-in-words": ((*GENERATE, "--size", "many"), "'many' is not a whole number from "),
    "size-in-figures-of-another-kind": ((*GENERATE, "--size", "1e3"), "'1e3' is not a whole number from "),
    "profile": ((*GENERATE, "--profile", "even"), "unknown profile 'even'; known: balanced, production"),
    "profile-misspelt": ((*GENERATE, "--profile", "balnced"), "unknown profile 'balnced'; did you mean 'balanced'?"),
    "order": ((*GENERATE, "--order", "random"), "unknown order 'random'; known: compositional, naive"),
    "holdout-none": ((*GENERATE, "--holdout", "0"), "'0' is no share; give a number between 0 and 1, such as 0.15"),
    "holdout-all": ((*GENERATE, "--holdout", "1"), "'1' is no share"),
    "holdout-percent": ((*GENERATE, "--holdout", "15"), "'15' is no share"),
    "holdout-negative": ((*GENERATE, "--holdout", "-0.1"), "'-0.1' is no share"),
    "holdout-not-a-number": ((*GENERATE, "--holdout", "nan"), "'nan' is no share"),
    "holdout-nearly-all": (
        (*GENERATE, "--size", "20", "--holdout", "0.999"),
        "a hold-out of 0.999 leaves none of 20 cases to learn from; give a smaller share, or ask for more cases",
    ),
    "holdout-hardly-any": (
        (*GENERATE, "--size", "20", "--holdout", "0.001"),
        "a hold-out of 0.001 leaves none of 20 cases that is held out; give a larger share, or ask for more cases",
    ),
    "holdout-idle": (
        (*GENERATE, "--dev", "5", "--holdout", "0.3"),
        "--holdout has no effect beside --dev; give the one",
    ),
    "holdout-in-words": ((*GENERATE, "--holdout", "half"), "'half' is no share"),
    "records-few": ((*GENERATE, "--records", "10"), "'10' is not a whole number from 200 to 5000"),
    "records-absurd": ((*GENERATE, "--records", "99999999"), "'99999999' is not a whole number from 200 to 5000"),
    "records-unknown": ((*GENERATE, "--records", "all"), "'all' is not a whole number from 200 to 5000"),
    "reskin": ((*GENERATE, "--reskin", "-1"), "'-1' is not a whole number from 0 to "),
    "size-idle": ((*GENERATE, "--stream", "5", "--size", "40"), "--size has no effect beside --stream; give the one"),
    "no-cases": (
        (*GENERATE, "--dev", "0"),
        "an exam has one case or more; ask for some with --stream, --dev or --test-same",
    ),
    "records-without-names": (
        (*GENERATE, "--seed", "4", "--size", "20", "--records", "5000"),
        "too few names for a company of 5000 records that is drawn so; ask for fewer with --records, or take another",
    ),
    "stream": ((*GENERATE, "--stream", "0"), "'0' is not a whole number from 1 to "),
    "secret-short": (
        (*GENERATE, "--secret-file", "short.txt"),
        "short.txt: a secret has 16 characters or more, not 9; write a longer one",
    ),
    "secret-blank": ((*GENERATE, "--secret-file", "blank.txt"), "blank.txt: a secret has 16 characters or more, not 0"),
    "secret-and-seed": (
        (*GENERATE, "--seed", "7", "--secret-file", "short.txt"),
        "--seed has no effect beside --secret-file; give the one or the other",
    ),
    "secret-missing": ((*GENERATE, "--secret-file", "none.txt"), "cannot read none.txt: No such file or directory"),
    "secret-folder": ((*GENERATE, "--secret-file", "full"), "cannot read full: Is a directory"),
    "secret-binary": ((*GENERATE, "--secret-file", "binary.txt"), "binary.txt is not UTF-8 text: byte 0 is invalid"),
    "out-taken": (
        ("scenarios", "generate", "--out", "corpus"),
        "corpus holds a corpus; name another folder with --out",
    ),
    "out-full": (("scenarios", "generate", "--out", "full"), "full holds other files and no corpus"),
    "out-full-forced": (("scenarios", "generate", "--out", "full", "--force"), "full holds other files and no corpus"),
    "out-a-file": (("scenarios", "generate", "--out", "talk.jsonl"), "talk.jsonl is a file; name a folder"),
    "out-below-a-file": (("scenarios", "generate", "--out", "talk.jsonl/x"), "Not a directory; name another place"),
    "forced-but-misspelt": ((*FORCED, "--profile", "even"), "unknown profile 'even'"),
    "forced-but-without-secret": ((*FORCED, "--secret-file", "none.txt"), "cannot read none.txt"),
    "check-jobs": (("scenarios", "check", "corpus", "--jobs", "0"), "'0' is not a whole number from 1 to 256"),
    "check-backend": (
        ("scenarios", "check", "corpus", "--backend", "sqlite"),
        "'sqlite' is not one of 'memory', 'postgres'",
    ),
    "check-url": (
        ("scenarios", "check", "corpus", "--backend", "postgres", "--postgres-url", "nonsense"),
        "is not the URL of a PostgreSQL server; it looks like postgresql://",
    ),
    "show-unknown": (("scenarios", "show", "corpus", "sc-nope"), "unknown scenario 'sc-nope'; known: sc-"),
    "show-ambiguous": (("scenarios", "show", "corpus", "sc-"), "10 cases begin with 'sc-'; give more of the id"),
    "show-case-and-handbook": (
        ("scenarios", "show", "corpus", "sc-1", "--handbook"),
        "the case 'sc-1' has no effect beside --handbook; give the one or the other",
    ),
    "tasks-of-nothing": (TASKS, "give exactly one of --seed, --corpus, --dataset; given: none"),
    "tasks-of-two": ((*TASKS, "--seed", "1", "--corpus", "corpus"), "given: --seed and --corpus"),
    "tasks-split": ((*TASKS, "--corpus", "corpus", "--split", "tset"), "'tset' is not one of 'stream', 'dev', "),
    "tasks-split-empty": ((*TASKS, "--corpus", "corpus", "--split", "audit"), "holds no cases of the split 'audit'"),
    "tasks-size": ((*TASKS, "--seed", "1", "--size", "0"), "'0' is not a whole number from 1 to "),
    "tasks-size-idle": (
        (*TASKS, "--corpus", "corpus", "--size", "5"),
        "--size has no effect beside --corpus; give the one or the other",
    ),
    "tasks-size-of-talk": ((*TASKS, "--dataset", "talk.jsonl", "--size", "5"), "--size has no effect beside --dataset"),
    "tasks-split-of-talk": (
        (*TASKS, "--dataset", "talk.jsonl", "--split", "dev"),
        "--split has no effect beside --dataset",
    ),
    "tasks-run-id": (
        (*TASKS, "--seed", "1", "--run-id", "one"),
        "'one' is no id of a run; write it as YYYYmmddTHHMMSS",
    ),
    "tasks-out-taken": (
        ("scenarios", "tasks", "--seed", "1", "--out", "talk.jsonl"),
        "talk.jsonl is there already; pass --force to replace it",
    ),
    "tasks-out-folder": (("scenarios", "tasks", "--seed", "1", "--out", "empty"), "empty is a folder; name a file"),
    "import-format": (("scenarios", "import", "clbnch", "talk.jsonl"), "'clbnch' is not one of 'clbench'"),
    "import-missing": ((*IMPORT, "none.jsonl"), "cannot read none.jsonl: No such file or directory"),
    "import-broken": ((*IMPORT, "broken.jsonl", "--out", "new"), "broken.jsonl:2: not valid JSON"),
    "import-blank": ((*IMPORT, "blank.txt", "--out", "new"), "blank.txt holds no conversation"),
    "import-out-taken": ((*IMPORT, "talk.jsonl", "--out", "full"), "full is not empty; name another folder"),
    "import-out-a-file": ((*IMPORT, "talk.jsonl", "--out", "short.txt"), "short.txt is a file; name a folder"),
    "import-over-a-corpus": (
        (*IMPORT, "talk.jsonl", "--out", "corpus", "--force"),
        "corpus holds something else than an import (card.md, goals.jsonl, scenarios.jsonl); name another folder",
    ),
    "import-over-a-manifest": (
        (*IMPORT, "talk.jsonl", "--out", "manifest-only", "--force"),
        "manifest-only holds something else than an import (manifest.json); name another folder with --out",
    ),
    "import-two-ways": (
        (*IMPORT, "talk.jsonl", "--out", "a", "--export", "b"),
        "--out and --export exclude each other",
    ),
    "import-export-taken": ((*IMPORT, "talk.jsonl", "--export", "short.txt"), "short.txt is there already"),
    "import-today": ((*IMPORT, "talk.jsonl", "--today", "soon"), "'soon' is not a day; write it as YYYY-MM-DD"),
    "export-what": (("scenarios", "export", "--seed", "1"), "say what to export; there is --db-seeds"),
    "export-of-nothing": (EXPORT, "give exactly one of --seed, --corpus, --dataset; given: none"),
    "export-size": ((*EXPORT, "--seed", "1", "--size", "7"), "'7' is not a whole number from 200 to 5000"),
    "export-without-names": (
        (*EXPORT, "--seed", "4", "--size", "5000", "--out", "new"),
        "too few names for a company of seed 4 with 5000 records; ask for fewer with --size, or take another seed",
    ),
    "mcp-unknown": (
        ("crm", "mcp", "--corpus", "corpus", "--scenario", "sc-nope"),
        "unknown scenario of corpus 'sc-nope'; known: sc-",
    ),
    "mcp-split-empty": (
        ("crm", "mcp", "--corpus", "corpus", "--split", "audit", "--scenario", "sc-nope"),
        "corpus holds no cases of the split 'audit'; name another with --split",
    ),
    "export-size-idle": ((*EXPORT, "--corpus", "corpus", "--size", "300"), "--size has no effect beside --corpus"),
    "export-conversation-idle": (
        (*EXPORT, "--corpus", "corpus", "--conversation", "one"),
        "--conversation has no effect beside --corpus; give the one or the other",
    ),
    "export-conversation-of-seed": (
        (*EXPORT, "--seed", "1", "--conversation", "one"),
        "--conversation has no effect beside --seed",
    ),
    "export-world": ((*EXPORT, "--seed", "1", "--world", "../x"), "'../x' is no name for a world; use 1 to 64 letters"),
    "export-out-taken": ((*EXPORT, "--seed", "1", "--out", "full"), "full is not empty; name another folder"),
    "export-whose": ((*EXPORT, "--dataset", "talk.jsonl"), "holds a company per conversation; name one"),
    "export-unknown": (
        (*EXPORT, "--dataset", "talk.jsonl", "--conversation", "oen"),
        "unknown conversation 'oen'; did you mean 'one'?",
    ),
    "regrade-nothing": (("experiment", "regrade", "nowhere"), "nowhere holds no run: there is no config.json in it"),
    "regrade-a-corpus": (("experiment", "regrade", "corpus"), "corpus holds no run: there is no config.json in it"),
    "regrade-out-taken": (
        ("experiment", "regrade", "corpus", "--out", "short.txt"),
        "short.txt is there already; pass --force to replace it",
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_cannot_be_met_is_told_and_changes_nothing(
    warm: WarmAtlas, home: Path, untouched: Content, name: str
) -> None:
    """The value and what is allowed on stderr, stdout empty, no traceback, every byte as it was."""
    command, message = REQUESTS[name]
    _assert_refused(warm, home, untouched, command, message)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_is_no_corpus_is_told(warm: WarmAtlas, home: Path, untouched: Content, folder: str) -> None:
    """Which file, which line, what is wrong with it, and what to do."""
    _assert_refused(warm, home, untouched, ("scenarios", "stats", folder), FOLDERS[folder])


@pytest.mark.parametrize("reader", READERS)
def test_everybody_who_reads_a_corpus_tells_what_is_wrong_with_it(
    warm: WarmAtlas, home: Path, untouched: Content, reader: str
) -> None:
    """Before anything is written: where there is none, and where somebody worked on a goal."""
    for folder in ("nowhere", "other-goal"):
        _assert_refused(warm, home, untouched, ("scenarios", *READERS[reader](folder)), FOLDERS[folder])


def _assert_refused(warm: WarmAtlas, home: Path, untouched: Content, command: tuple[str, ...], message: str) -> None:
    done = warm.run(home, *command)
    assert done.returncode == 2, done.stderr
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert _content_of(home) == untouched


def _content_of(folder: Path) -> Content:
    """Every file below a folder with its bytes, every folder with None."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_corpus_of_another_generator_is_compared_all_the_same(warm: WarmAtlas, home: Path) -> None:
    """To see what a new generator changes is what comparing is for."""
    done = warm.run(home, "scenarios", "diff", "old-generator", "corpus")
    assert done.returncode == 0, done.stderr
    versions, same = done.stdout.splitlines()[:2]
    ours = GENERATOR_VERSION
    assert (versions, same) == (f"generator versions: 0.{ours} before, {ours} after", "the same: 10")


def test_what_is_given_by_a_variable_is_refused_like_a_flag(warm: WarmAtlas, home: Path) -> None:
    """The twins in the environment are checked the same way."""
    for variable, value, message in (
        ("ATLAS_CASES", "-5", "'-5' is not a whole number"),
        ("ATLAS_CASES", "5", "'5' is not a whole number from 20 to 100000"),
        ("ATLAS_HOLDOUT", "2", "'2' is no share"),
        ("ATLAS_PROFILE", "even", "unknown profile 'even'"),
        ("ATLAS_ORDER", "random", "unknown order 'random'"),
        ("ATLAS_RECORDS", "10", "'10' is not a whole number from 200"),
        ("ATLAS_SECRET_FILE", "none.txt", "cannot read none.txt"),
    ):
        done = warm.run(home, *GENERATE, **{variable: value})
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert not (home / "new").exists()


def test_a_card_that_cannot_be_written_is_named_as_it_is_called(warm: WarmAtlas, home: Path, tmp_path: Path) -> None:
    """Not by the scratch file that was to take its place."""
    shutil.copytree(home / "corpus", tmp_path / "corpus")
    (tmp_path / "corpus" / "card.md").unlink()
    (tmp_path / "corpus" / "card.md").mkdir()
    done = warm.run(tmp_path, "scenarios", "check", "corpus")
    card = tmp_path / "corpus" / "card.md"
    assert (done.returncode, done.stderr) == (2, f"error: cannot use {card}: Is a directory; name another place\n")
    assert sorted(path.name for path in card.parent.iterdir()) == [
        *("card.md", "companies.jsonl", "goals.jsonl", "manifest.json", "scenarios.jsonl")
    ]


def test_an_import_takes_the_place_of_an_import(warm: WarmAtlas, home: Path, tmp_path: Path) -> None:
    """Also of one that was killed; never with anything beside it."""
    command = ("scenarios", "import", "clbench", str(home / "talk.jsonl"), "--out", "in")
    assert warm.run(tmp_path, *command).returncode == 0
    assert warm.run(tmp_path, *command, "--force").returncode == 0
    (tmp_path / "in" / "manifest.json").unlink()
    (tmp_path / "in" / ".companies.jsonl.x1y2z3").touch()
    assert warm.run(tmp_path, *command, "--force").returncode == 0
    (tmp_path / "in" / "letter.txt").touch()
    refused = warm.run(tmp_path, *command, "--force")
    assert refused.returncode == 2
    assert "in holds something else than an import (letter.txt)" in refused.stderr
