"""Corpora that many tests look at; generated once per session, never changed."""

from __future__ import annotations

import pytest

from atlas.scenarios.corpus import Corpus, generate_corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """A small corpus of a company that has its deals named and owned by rules."""
    return generate_corpus(2, stream=90, dev=30, test_same=60)
