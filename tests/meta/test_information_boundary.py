"""What a company calls things stands nowhere in the code of its students and teachers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from atlas.scenarios.companies import Company, generate_company
from atlas.scenarios.conventions import ChangeNote, DocumentNaming, QuotePrefix, StandardQuote, Superlative, Vocabulary

SOURCE = Path(__file__).resolve().parents[2] / "src" / "atlas"
STUDENT_ROOMS = ("agents", "learning")
SEEDS = range(20)  # every drawing pattern of a company occurs among so many


def strings(room: str) -> Iterator[str]:
    """Every text constant in the code of a room, in lower case; prose of docstrings is no knowledge and left out."""
    for path in sorted((SOURCE / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                yield node.value.lower()


def house_words(company: Company) -> Iterator[tuple[str, bool]]:
    """The words and phrases of a company's own, each with whether it is English."""
    for convention in company.conventions:
        match convention:
            case Vocabulary():
                yield from ((term.nickname, term.natural) for term in convention.terms)
            case Superlative():
                yield convention.nickname, convention.natural
            case StandardQuote():
                yield convention.name, convention.natural
            case ChangeNote():
                yield convention.template.partition("{")[0].strip(" [:-"), True
            case DocumentNaming() | QuotePrefix():
                yield from ((word, False) for word in _codes(convention.template))
            case _:
                continue


def _codes(template: str) -> Iterator[str]:
    for part in template.replace("{", "|").replace("}", "|").replace("_", "|").replace("-", "|").split("|"):
        if part and part not in {"file", "date", "year", "month"}:
            yield part


@pytest.mark.parametrize("room", STUDENT_ROOMS)
def test_no_invented_word_of_a_company_stands_in_the_code(room: str) -> None:
    """Opaque nicknames, phrases and codes are in no text constant of the room, not even inside a longer one."""
    code = list(strings(room))
    words = {word.lower() for seed in SEEDS for word, natural in house_words(generate_company(seed)) if not natural}
    words = {word for word in words if len(word) > 2}
    assert len(words) > 2 * len(SEEDS)
    assert [word for word in sorted(words) if any(word in text.split() for text in code)] == []


@pytest.mark.parametrize("room", STUDENT_ROOMS)
def test_no_english_phrase_of_a_company_is_a_constant(room: str) -> None:
    """Natural nicknames and wordings are ordinary English, but none is a constant of its own or a list entry."""
    code = set(strings(room))
    words = {word.lower() for seed in SEEDS for word, natural in house_words(generate_company(seed)) if natural}
    assert len(words) > len(SEEDS)
    assert sorted(words & code) == []
    several = {word for word in words if " " in word}
    assert [word for word in sorted(several) if any(word in text for text in code)] == []
