"""Promises of the corpus: generated, written, read back."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from atlas.core.errors import HeldOutGoalError, InputFileError, TooManyCasesError, UnknownNameError
from atlas.crm.records import Entity
from atlas.scenarios.companies import POOLS, Company, generate_company
from atlas.scenarios.corpus import Corpus, cook, generate_corpus
from atlas.scenarios.corpus_files import cook_resuming, load_corpus, write_corpus
from atlas.scenarios.demonstrator import build_demonstrator
from atlas.scenarios.families import get_family
from atlas.scenarios.recipes import Recipe, recipe_of
from atlas.scenarios.stage import open_world
from atlas.telemetry.files import write_atomically
from atlas.verify.goals import (
    AnswerFact,
    ChangePattern,
    ExpectedChange,
    Goal,
    Operation,
    Regex,
    SealedCase,
    Split,
)


def test_the_default_corpus_has_the_default_size() -> None:
    """180 stream, 60 dev and 120 test cases, each with its own id and its own words."""
    corpus = generate_corpus(5)
    assert Counter(scenario.split for scenario in corpus.scenarios) == {
        Split.STREAM: 180,
        Split.DEV: 60,
        Split.TEST_SAME: 120,
    }
    assert len({scenario.scenario_id for scenario in corpus.scenarios}) == 360
    assert len({scenario.canary for scenario in corpus.scenarios}) == 360
    for split in corpus.company.file.pools:
        said = [scenario.customer_script.turns for scenario in corpus.split(split)]
        assert len(set(said)) == len(said)


def test_cases_of_a_split_follow_the_calendar_and_tests_come_after_the_stream(corpus: Corpus) -> None:
    """Days never go back within a split, are working days, and a test never plays before a lesson."""
    stream = [scenario.today for scenario in corpus.split(Split.STREAM)]
    test = [scenario.today for scenario in corpus.split(Split.TEST_SAME)]
    assert stream == sorted(stream)
    assert len(set(stream)) > 10
    assert max(stream) <= min(test)
    assert all(day.weekday() < 5 for day in stream + test)


def test_there_are_cases_of_every_make(corpus: Corpus) -> None:
    """Single and several turns, questions to be asked, refusals, both levels, both vocabularies."""
    goals = {case.scenario_id: case.goal for case in corpus.sealed}
    assert {len(scenario.customer_script.turns) for scenario in corpus.scenarios} >= {1, 2, 3}
    assert any(goal.must_ask for goal in goals.values())
    assert len({goal.must_refuse.reason_code for goal in goals.values() if goal.must_refuse}) >= 6
    assert {scenario.level for scenario in corpus.scenarios} >= {2, 3, 4}
    tags = {tag for scenario in corpus.scenarios for tag in scenario.tags}
    assert {"opaque", "natural"} <= tags


def test_a_corpus_survives_its_files(corpus: Corpus, tmp_path: Path) -> None:
    """Written and loaded, a corpus has the same hash; writing it twice gives the same bytes."""
    manifest = write_corpus(corpus, tmp_path / "one")
    loaded = load_corpus(tmp_path / "one")
    assert loaded.content_hash == corpus.content_hash == manifest.content_hash
    assert loaded.recipe == corpus.recipe
    write_corpus(loaded, tmp_path / "two")
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_two_processes_write_the_same_bytes(corpus: Corpus, tmp_path: Path) -> None:
    """Nothing depends on hash seeds, memory addresses or the order of sets."""
    code = (
        "import sys; from pathlib import Path; from atlas.scenarios.corpus import generate_corpus;"
        "from atlas.scenarios.corpus_files import write_corpus;"
        "print(write_corpus(generate_corpus(2, stream=90, dev=30, test_same=60), Path(sys.argv[1])).content_hash)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
    )
    assert ran.stdout.strip() == corpus.content_hash


def test_goals_stand_in_their_own_file(corpus: Corpus, tmp_path: Path) -> None:
    """Nothing of a goal or a solution is in the file of the scenarios."""
    write_corpus(corpus, tmp_path)
    for line in (tmp_path / "scenarios.jsonl").read_text().splitlines():
        assert not {"goal", "solutions", "expected_changes"} & set(json.loads(line))


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("scenarios.jsonl", "{not json", r"scenarios\.jsonl:3: not valid JSON"),
        ("scenarios.jsonl", '{"scenario_id": "sc-1"}', r"scenarios\.jsonl:3: .*missing key 'family'"),
        ("goals.jsonl", '{"scenario_id": 7}', r"goals\.jsonl:3: "),
    ],
    ids=["no JSON", "missing keys", "wrong type"],
)
def test_a_malformed_line_is_named(corpus: Corpus, tmp_path: Path, file: str, damage: str, message: str) -> None:
    """The error says which file, which line and what is wrong."""
    write_corpus(corpus, tmp_path)
    lines = (tmp_path / file).read_text().split("\n")
    lines[2] = damage
    (tmp_path / file).write_text("\n".join(lines))
    with pytest.raises(InputFileError, match=message):
        load_corpus(tmp_path)


@pytest.mark.parametrize("file", ["scenarios.jsonl", "goals.jsonl", "companies.jsonl", "manifest.json"])
def test_a_missing_file_is_named(corpus: Corpus, tmp_path: Path, file: str) -> None:
    """A folder without one of the files is no corpus."""
    write_corpus(corpus, tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(InputFileError, match=file):
        load_corpus(tmp_path)


def test_a_corpus_that_was_tampered_with_is_rejected(corpus: Corpus, tmp_path: Path) -> None:
    """A well-formed change that the manifest does not know is found."""
    write_corpus(corpus, tmp_path)
    path = tmp_path / "scenarios.jsonl"
    path.write_text(path.read_text().replace('"level":3', '"level":2', 1))
    with pytest.raises(InputFileError, match="changed since the manifest was written"):
        load_corpus(tmp_path)


def _rewritten(folder: Path, **changed: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"files": {}}, r"manifest\.json: has no hash of scenarios\.jsonl, goals\.jsonl, companies\.jsonl"),
        ({"content_hash": "0" * 64}, r"manifest\.json: tells of a corpus with the hash 0000000000000000, this one has"),
    ],
    ids=["no hashes of files", "another hash"],
)
def test_a_manifest_that_vouches_for_something_else_is_rejected(
    corpus: Corpus, tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    """Every hash is checked, and none may be missing."""
    write_corpus(corpus, tmp_path)
    _rewritten(tmp_path, **changed)
    with pytest.raises(InputFileError, match=message):
        load_corpus(tmp_path)


def test_the_hash_of_another_generator_is_not_worked_out_again(corpus: Corpus, tmp_path: Path) -> None:
    """It may have written what it read in another way; its files are checked all the same."""
    write_corpus(corpus, tmp_path)
    _rewritten(tmp_path, generator_version="0", content_hash="0" * 64)
    assert load_corpus(tmp_path, any_version=True).content_hash == corpus.content_hash
    _rewritten(tmp_path, files={})
    with pytest.raises(InputFileError, match="has no hash of"):
        load_corpus(tmp_path, any_version=True)


def _silent(corpus: Corpus) -> Corpus:
    """Have the user of the second case say nothing."""
    script = dataclasses.replace(corpus.scenarios[1].customer_script, turns=())
    silent = dataclasses.replace(corpus.scenarios[1], customer_script=script)
    return dataclasses.replace(corpus, scenarios=(corpus.scenarios[0], silent, *corpus.scenarios[2:]))


def _second_sealed(corpus: Corpus, **changed: object) -> Corpus:
    case: SealedCase = dataclasses.replace(corpus.sealed[1], **changed)
    return dataclasses.replace(corpus, sealed=(corpus.sealed[0], case, *corpus.sealed[2:]))


def _wanting(corpus: Corpus, pattern: str, part: str) -> Corpus:
    """Have a part of the goal of the second case ask for a text of some pattern."""
    matcher = Regex(pattern)
    goals = {
        "changes": Goal(expected_changes=(ExpectedChange(Entity.NOTE, Operation.CREATE, {"content": matcher}),)),
        "allowed": Goal(allowed_changes=(ChangePattern(Entity.NOTE, where={"content": matcher}),)),
        "forbidden": Goal(forbidden=(ChangePattern(Entity.NOTE, where={"content": matcher}),)),
        "answers": Goal(answers=(AnswerFact("name", matcher),)),
    }
    return _second_sealed(corpus, goal=goals[part])


FLAWS: dict[str, tuple[Callable[[Corpus], Corpus], str, str]] = {
    "no message": (_silent, "scenarios.jsonl", "the user says nothing"),
    "no solution": (lambda corpus: _second_sealed(corpus, solutions=()), "goals.jsonl", "there is no solution"),
    **{
        f"pattern in {part}": (
            functools.partial(_wanting, pattern="(unclosed", part=part),
            "goals.jsonl",
            "the goal has the pattern '(unclosed', which is no regular expression: missing )",
        )
        for part in ("changes", "allowed", "forbidden", "answers")
    },
    "endless pattern": (
        lambda corpus: _wanting(corpus, "a{99999999999}", "answers"),
        "goals.jsonl",
        "the goal has the pattern 'a{99999999999}', which is no regular expression: the repetition number is too large",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_case_that_nobody_could_play_or_judge_is_refused(corpus: Corpus, tmp_path: Path, flaw: str) -> None:
    """With its file, line and id, though every hash is right."""
    damage, file, message = FLAWS[flaw]
    write_corpus(damage(corpus), tmp_path)
    with pytest.raises(InputFileError) as caught:
        load_corpus(tmp_path)
    told = f"{tmp_path / file}:2: {corpus.scenarios[1].scenario_id}: {message}"
    assert str(caught.value).startswith(told)
    assert str(caught.value).endswith("; generate the corpus again")


def test_lines_that_do_not_belong_together_are_rejected(corpus: Corpus, tmp_path: Path) -> None:
    """A goal without its case is found before anything is judged by it."""
    write_corpus(corpus, tmp_path)
    path = tmp_path / "goals.jsonl"
    path.write_text("\n".join(path.read_text().split("\n")[1:]))
    with pytest.raises(InputFileError, match="do not hold the same cases"):
        load_corpus(tmp_path)


def test_only_stream_cases_can_be_demonstrated(corpus: Corpus) -> None:
    """The demonstrator of a held-out case cannot even be built; a stream case is shown the same way every time."""
    vault = corpus.vault()
    for split in (Split.DEV, Split.TEST_SAME):
        with pytest.raises(HeldOutGoalError):
            build_demonstrator(corpus.company, corpus.split(split)[0], vault)
    demonstrator = build_demonstrator(corpus.company, corpus.split(Split.STREAM)[0], vault)
    assert demonstrator.demonstrate() == demonstrator.demonstrate()


def test_the_stage_shows_the_day_and_the_actor_of_the_case(corpus: Corpus) -> None:
    """A world opens on the day of its case, for the colleague who asks, with the company's rows."""
    scenario = corpus.scenarios[-1]
    world = open_world(corpus.company, scenario)
    assert world.today == scenario.today
    assert world.actor.handle == scenario.actor
    assert world.changes() == ()


def test_a_reskinned_corpus_has_the_same_families_and_none_of_the_words() -> None:
    """Same kinds of cases in the same places, other house words, still a sound corpus."""
    plain = generate_corpus(4, stream=60, dev=20, test_same=40)
    other = generate_corpus(4, stream=60, dev=20, test_same=40, reskin=9)
    same = sum(one.family == two.family for one, two in zip(plain.scenarios, other.scenarios, strict=True))
    assert same > 110
    assert plain.content_hash != other.content_hash


# ---------------------------------------------------------------------------------------------------------------------
# Seven splits


@pytest.fixture(scope="module")
def whole() -> Corpus:
    """A small corpus with all splits."""
    return cook(recipe_of(5, 300, records=900))


def test_every_split_is_there(whole: Corpus) -> None:
    """As many cases as the recipe says, and each plays where it should."""
    assert {split: len(whole.split(split)) for split in Split} == dict(whole.recipe.counts)
    for scenario in whole.scenarios:
        elsewhere = scenario.split is Split.TEST_NEW_COMPANY
        assert (whole.company_of(scenario) is not whole.company) is elsewhere
        assert (scenario.dialect is not None) is (scenario.split is Split.TEST_RENAMED)


def test_a_held_out_family_has_no_cases_elsewhere(whole: Corpus) -> None:
    """What is asked in ``test_new_family`` was never met at the company, and needs no rule that was never met."""
    held = {scenario.family for scenario in whole.split(Split.TEST_NEW_FAMILY)}
    rest = {one.family for split in POOLS if split is not Split.TEST_NEW_FAMILY for one in whole.split(split)}
    assert len(held) >= 5
    assert not held & rest
    assert {get_family(name).level for name in held} - {1}


def test_companies_that_nobody_learned_from_have_other_rules(whole: Corpus) -> None:
    """Other names, other parameters, another tenant."""
    for stranger in whole.strangers:
        assert stranger.tenant != whole.company.tenant
        assert stranger.conventions != whole.company.conventions


def test_an_unknown_company_is_named(whole: Corpus) -> None:
    """A case of another corpus plays in none of these companies."""
    with pytest.raises(UnknownNameError, match="77"):
        whole.company_of(dataclasses.replace(whole.scenarios[0], company_seed=77))


def test_a_corpus_of_all_splits_survives_its_files(whole: Corpus, tmp_path: Path) -> None:
    """Written and read back, nothing is missing."""
    write_corpus(whole, tmp_path)
    assert load_corpus(tmp_path).content_hash == whole.content_hash


def test_a_composed_stream_builds_up() -> None:
    """What needs several unwritten rules comes after what needs fewer."""
    stream = cook(dataclasses.replace(recipe_of(5, 300, records=900), order="compositional")).split(Split.STREAM)
    needed = [len(get_family(scenario.family).needs) for scenario in stream]
    half = len(needed) // 2
    assert sum(needed[:half]) < sum(needed[half:]) / 2


def test_an_interrupted_generation_is_taken_up_again(tmp_path: Path) -> None:
    """Chapters that were put aside are not generated again, and the corpus is the same, byte for byte."""
    recipe = recipe_of(5, 120, records=900)
    told: list[int] = []

    def stop(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cook_resuming(recipe, tmp_path / "parts", progress=stop)
    kept = sorted(path.name for path in (tmp_path / "parts").glob("chapter-*.json"))
    assert len(kept) == 3
    stamps = {name: (tmp_path / "parts" / name).stat().st_mtime_ns for name in kept}
    again = cook_resuming(recipe, tmp_path / "parts")
    assert again.content_hash == cook(recipe).content_hash
    assert {name: (tmp_path / "parts" / name).stat().st_mtime_ns for name in kept} == stamps


@pytest.mark.parametrize(
    ("draws", "why"),
    [
        ({"naming._ATTEMPTS": 0}, "no name is left that nobody has; ask for fewer cases"),
        ({"corpus._DRAWS": 0}, "nothing fresh fits any more; ask for a larger company, or for fewer cases"),
    ],
    ids=["names", "records"],
)
def test_more_cases_than_there_is_room_for_are_refused_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draws: dict[str, int], why: str
) -> None:
    """The split and both numbers are named, and no half of an impossible corpus stays behind."""
    write_atomically(tmp_path / "parts" / "chapter-of-something.json", "{}")
    home = generate_company(5, size=300)

    def made(_seed: int, **_: object) -> Company:
        return home

    monkeypatch.setattr("atlas.scenarios.corpus.generate_company", made)
    for name, count in draws.items():
        monkeypatch.setattr(f"atlas.scenarios.{name}", count)
    with pytest.raises(TooManyCasesError) as caught:
        cook_resuming(Recipe(5, stream=60, dev=0, test_same=0, size=300), tmp_path / "parts")
    told = str(caught.value)
    assert told.startswith("there is room for about ")
    assert told.endswith(f" cases of the split 'stream', not for 60: {why}")
    assert caught.value.split == "stream"
    assert not (tmp_path / "parts").exists()


def test_what_another_recipe_put_aside_is_thrown_away(tmp_path: Path) -> None:
    """Half of one corpus never becomes half of another."""
    cook_resuming(recipe_of(5, 120, records=900), tmp_path)
    other = recipe_of(6, 120, records=900)
    assert cook_resuming(other, tmp_path).content_hash == cook(other).content_hash
