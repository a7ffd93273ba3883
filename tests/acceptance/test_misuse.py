"""Bad input on the real command line: exit code 2, one message that helps, nothing half-written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from atlas.scenarios.corpus import generate_corpus
from atlas.scenarios.corpus_files import write_corpus

RunAtlas = Callable[..., "subprocess.CompletedProcess[str]"]

GOOD = "name: x\ncompany_seeds: [7]\ncorpus: {stream: 20, test_same: 10}\n"

CLAIM = "preregistration: {{stopping: end, hypotheses: [{{name: h, kind: level, arm: learned, {}}}]}}\n"

FILES = {
    "typo.yaml": GOOD + "confidense: 0.9\n",
    "type.yaml": GOOD.replace("20", "twenty"),
    "seed.yaml": GOOD.replace("[7]", "[-7]"),
    "broken.yaml": "name: [x\n",
    "list.yaml": "- 1\n",
    "twice.yaml": GOOD + "company_seeds: [8]\n",
    "endless.yaml": GOOD.replace("[7]", "&a [*a]"),
    "huge.yaml": GOOD.replace("[7]", f"[{'9' * 5000}]"),
    "bound.yaml": GOOD + CLAIM.format("at_least: .nan"),
    "arm.yaml": GOOD + "arms: [memory_off]\n" + CLAIM.format("at_least: 0.5"),
}

CASES = {
    "unknown-command": (["dmo"], "No such command 'dmo'"),
    "unknown-option": (["demo", "--sed", "7"], "No such option: --sed"),
    "seed-is-no-number": (["demo", "--seed", "seven"], "'seven' is not a whole number from 0 to "),
    "seed-is-negative": (["demo", "--seed", "-1"], "'-1' is not a whole number from 0 to "),
    "seed-is-too-large": (["demo", "--seed", "99999999999"], "'99999999999' is not a whole number from 0 to "),
    "no-workers": (["demo", "--workers", "0"], "'0' is not a whole number from 1 to 256"),
    "missing-configuration": (["experiment", "run", "none.yaml"], "no experiment file 'none.yaml'"),
    "misspelt-name": (["experiment", "run", "reportin"], "did you mean 'reporting'?"),
    "unknown-key": (["experiment", "run", "typo.yaml"], "unknown key 'confidense'; did you mean 'confidence'?"),
    "wrong-type": (["experiment", "run", "type.yaml"], "corpus.stream: Input should be a valid integer"),
    "bad-seed-in-file": (
        ["experiment", "run", "seed.yaml"],
        "company_seeds.0: Input should be greater than or equal to 0",
    ),
    "broken-yaml": (["experiment", "run", "broken.yaml"], "not valid YAML"),
    "no-mapping": (["experiment", "run", "list.yaml"], "holds keys and values"),
    "key-twice": (["experiment", "run", "twice.yaml"], "the key 'company_seeds' of line 2 is given again at line 4"),
    "endless-alias": (["experiment", "run", "endless.yaml"], "an alias (*name) holds itself"),
    "huge-number": (["experiment", "run", "huge.yaml"], "cannot be read as a value of the kind 'int' at line 2"),
    "bound-is-no-number": (["experiment", "run", "bound.yaml"], "at_least: Input should be a finite number (got nan)"),
    "arm-does-not-run": (["experiment", "run", "arm.yaml"], "hypothesis 'h' needs arm 'learned', which does not run"),
    "resume-nothing": (["experiment", "run", "demo-small", "--resume"], "holds no run to resume"),
    "unknown-tool": (["crm", "tools", "create_qoute"], "unknown tool 'create_qoute'; did you mean 'create_quote'?"),
    "unknown-format": (["crm", "tools", "--format", "xml"], "'xml' is not one of"),
    "report-of-nothing": (["report", "nowhere"], "nowhere holds no run"),
    "playbooks-of-nothing": (["playbooks", "list", "nowhere"], "nowhere holds no run"),
    "corpus-of-nothing": (["scenarios", "check", "nowhere"], "cannot read nowhere/manifest.json"),
    "out-is-a-file": (["demo", "--small", "--out", "typo.yaml"], "typo.yaml is a file"),
    "out-is-taken": (["demo", "--small", "--out", "."], "holds other files and no run"),
    "corpus-out-is-taken": (["scenarios", "generate", "--out", "."], "holds other files and no corpus"),
}


@pytest.mark.parametrize(("arguments", "message"), list(CASES.values()), ids=list(CASES))
def test_misuse_is_told_and_nothing_is_written(
    run_warm: RunAtlas, tmp_path: Path, arguments: list[str], message: str
) -> None:
    """Exit code 2, the message on stderr, stdout empty, no traceback, and the folder as it was."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    done = run_warm(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_a_bad_variable_is_told_like_a_bad_flag(run_warm: RunAtlas, tmp_path: Path) -> None:
    """A twin in the environment is checked the same way; so is a key that overrides a file's."""
    done = run_warm("demo", "--small", ATLAS_SEED="seven")
    assert (done.returncode, "'seven' is not a whole number" in done.stderr) == (2, True)
    done = run_warm("demo", "--small", ATLAS_EXPERIMENT__WIDOW="5")
    assert (done.returncode, "did you mean 'window'?" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("scenarios.jsonl", ('"split"', '"spilt"'), "scenarios.jsonl:1: "),
        ("scenarios.jsonl", ("\n", "\n{nonsense\n"), "scenarios.jsonl:2: not valid JSON"),
        ("goals.jsonl", ('"split":"stream"', '"split":3'), "goals.jsonl:1: "),
        ("manifest.json", ("{", ""), "manifest.json"),
    ],
    ids=["misspelt-key", "no-json", "wrong-type", "broken-manifest"],
)
def test_a_damaged_corpus_is_told_by_line(
    run_warm: RunAtlas, tmp_path: Path, name: str, damage: tuple[str, str], message: str
) -> None:
    """The file, the line and what is wrong with it."""
    write_corpus(generate_corpus(7, stream=20, dev=0, test_same=10), tmp_path / "corpus")
    path = tmp_path / "corpus" / name
    path.write_text(path.read_text().replace(*damage, 1))
    done = run_warm("scenarios", "check", "corpus")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
