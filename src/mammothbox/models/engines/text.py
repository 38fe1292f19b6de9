"""Sentences and passages to vectors: all-MiniLM-L6-v2 on ONNX Runtime.

Place in the flow: the text embedder's host holds one `TextEngine`; the eyes engine holds another
for its text side. The graph is made by `graphs.minilm.build`. Knows nothing of HTTP or of chunking:
a text over 256 tokens is cut there, so callers chunk first.

Example:
    >>> engine = TextEngine(Path("~/.cache/mammothbox/minilm"), threads=2)     # doctest: +SKIP
    >>> engine.embed(["a dog in the snow"]).shape                              # doctest: +SKIP
    (1, 384)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Vectors
from mammothbox.errors import WeightsMissing
from mammothbox.models.engines.sessions import open_session
from mammothbox.models.graphs.minilm import GRAPH

DIMENSIONS = 384
MAX_TOKENS = 256
"""The length the model was trained for; the rest of a text is not read."""

BATCH = 32
TOKENIZER = "tokenizer.json"

Ids = npt.NDArray[np.int64]


def open_tokenizer(path: Path) -> Any:
    """The model's own tokenizer, cutting at `MAX_TOKENS` and padding to a batch's longest.

    Raises:
        WeightsMissing: there is no such file.
    """
    from tokenizers import Tokenizer

    if not path.is_file():
        raise WeightsMissing(f"{path} is missing; run: mammothbox models pull")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")  # noqa: S106 - a token, no password
    return tokenizer


class TextEngine:
    """One loaded model. Not for several threads at once.

    Args:
        model: directory with `minilm.GRAPH` and `tokenizer.json`.
        threads: compute threads.

    Raises:
        WeightsMissing: a file is not there.
    """

    def __init__(self, model: Path, threads: int) -> None:
        self._tokenizer = open_tokenizer(model / TOKENIZER)
        self._session = open_session(model / GRAPH, threads, one_arena=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """N x 384, rows L2-normalised, in the order of `texts`; an empty text is allowed."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        # Alike lengths together: a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            ids, mask = self.tokenize([texts[index] for index in chosen])
            (embedding,) = self._session.run(["embedding"], {"ids": ids, "mask": mask})
            vectors[chosen] = embedding
        return vectors

    def states(self, texts: Sequence[str]) -> tuple[Vectors, Vectors, Ids]:
        """Sentence vectors (N x 384), last-layer tokens (N x T x 384) and mask, in one batch."""
        ids, mask = self.tokenize(texts)
        outputs = ["embedding", "tokens"]
        sentence, tokens = self._session.run(outputs, {"ids": ids, "mask": mask})
        return sentence, tokens, mask

    def tokenize(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids and mask (1 where there is a token), both N x longest."""
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([item.ids for item in encoded], np.int64)
        mask = np.array([item.attention_mask for item in encoded], np.int64)
        return ids, mask
