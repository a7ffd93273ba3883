"""MiniLM in numpy against figures of the reference implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from atlas.core.errors import MissingExtraError
from atlas.learning import minilm
from atlas.learning.minilm import DIMENSIONS, MiniLM

# First six dimensions, from transformers 5 with torch 2.13.0 on the same weights, mean-pooled and normalised.
REFERENCE = {
    "Create a quote for the Hartmann deal": (-0.110936, 0.045891, -0.018208, 0.011424, -0.012391, 0.086252),
    "Draw up an offer for Hartmann": (-0.089741, -0.039685, -0.035469, 0.025969, -0.053845, 0.023935),
    "The weather is nice today": (-0.036285, 0.090881, 0.141213, 0.063065, 0.006229, -0.042034),
}


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM.load()


def test_embeddings_agree_with_the_reference(model: MiniLM) -> None:
    """To the five digits that a float32 forward pass keeps."""
    vectors = model.embed(list(REFERENCE))
    assert vectors.shape == (3, DIMENSIONS)
    np.testing.assert_allclose(vectors[:, :6], np.array(list(REFERENCE.values())), atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_like_meanings_lie_closer(model: MiniLM) -> None:
    """Two ways to ask for a quote are nearer to each other than to the weather."""
    likeness = model.embed(list(REFERENCE)) @ model.embed(list(REFERENCE)).T
    assert likeness[0, 1] > 0.6
    assert likeness[0, 2] < 0.2


def test_no_texts_give_no_vectors(model: MiniLM) -> None:
    """The shape still says how many dimensions there are."""
    assert model.embed([]).shape == (0, DIMENSIONS)


def test_a_text_of_any_length_is_taken(model: MiniLM) -> None:
    """What is longer than the model's window is cut, an empty text is a text."""
    assert model.embed(["deal " * 2000, ""]).shape == (2, DIMENSIONS)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says what to install."""
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError, match=r"atlas-crm\[minilm\]"):
        MiniLM.load()
    assert not list(tmp_path.iterdir())
