"""BLIP-2: captions of pictures and answers to questions about them, on ONNX Runtime.

Place in the flow: the blip host holds one `BlipEngine`. A picture goes through the vision half
once; what came of it is kept for the last pictures, so that further questions about one cost the
language half alone. The model names what it sees in words and draws no boxes. Knows nothing of
HTTP.

Example:
    >>> engine = BlipEngine(Path("blip2-opt-2.7b"), threads=2, kind="int4")    # doctest: +SKIP
    >>> engine.caption([photo])[0].text                                       # doctest: +SKIP
    'a dog in the snow'
    >>> engine.ask(photo, "how many dogs are there?").text                    # doctest: +SKIP
    'one'
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels
from mammothbox.errors import UsageError, WeightsMissing
from mammothbox.models.engines.blip_pixels import prepare
from mammothbox.models.engines.blip_words import Speaker
from mammothbox.models.engines.sessions import open_session
from mammothbox.models.graphs.blip2 import LOOK, SPEAK, WORDS, file_name
from mammothbox.records import Json

Floats = npt.NDArray[np.float32]

BATCH = 4
"""Pictures described side by side: the language half reads all its weights for each word, and so
reads them once for four."""

KEPT = 64
"""Pictures whose vision features are kept; 0.3 MB each."""

MOST = 30
"""Words (tokens) of a caption or an answer."""

LONGEST = 512
"""Words (tokens) of a prompt; the model has positions for 2048 in all."""

QUESTION = "Question: {} Answer:"
"""The form of a question that BLIP-2 with an OPT was made for."""

_BOS, _EOS = 2, 2
# OPT's own, which published configs leave out where they hold.


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the model, and how sure it was, 0 to 1."""

    text: str
    confidence: float


class BlipEngine:
    """One loaded model. Not for several threads at once.

    Args:
        folder: holds what `graphs.blip2.build` made, `config.json`, `tokenizer.json`,
            `preprocessor_config.json`.
        threads: compute threads.
        kind: how the language half's matrices are kept, e.g. ``int4``.
        vision: the same of the vision half.
        gpu: compute on the GPU.
    """

    def __init__(
        self, folder: Path, threads: int, kind: str, vision: str = "int8", *, gpu: bool = False
    ) -> None:
        self._folder, self._threads, self._kind, self._vision = folder, threads, kind, vision
        self._gpu = gpu
        self._text: Json = _json(folder / "config.json").get("text_config", {})
        self._how = _json(folder / "preprocessor_config.json")
        self._kept: OrderedDict[bytes, Floats] = OrderedDict()
        self.looked = 0
        """Pictures that went through the vision half."""

    @cached_property
    def _look(self) -> Any:
        graph = self._folder / file_name(LOOK, self._vision)
        return open_session(graph, self._threads, spinning=True, gpu=self._gpu)

    @cached_property
    def speaker(self) -> Speaker:
        """The language half, loaded on first use."""
        words = "fp32" if self._kind == "fp32" else "fp16"
        return Speaker(
            self._folder / file_name(SPEAK, self._kind),
            self._folder / file_name(WORDS, words),
            [int(self._text.get("eos_token_id", _EOS))],
            self._threads,
            gpu=self._gpu,
        )

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        if not path.is_file():
            raise WeightsMissing(f"{path} is missing; run: mammothbox models pull full")
        return Tokenizer.from_file(str(path))

    def caption(self, images: Sequence[Pixels], prompt: str = "") -> list[Said]:
        """One sentence a picture, in order; it goes on where `prompt` (if any) ends.

        Never an empty one: a library finds a picture by its caption.
        """
        said: list[Said] = []
        # Four at once took a GPU half the time each, but all models together 7.6 GB of it where 6
        # are theirs.
        together = 1 if self._gpu else BATCH
        for start in range(0, len(images), together):
            features = self.features(images[start : start + together])
            said += self._say(features, prompt.strip(), something=True)
        return said

    def ask(self, image: Pixels, question: str) -> Said:
        """The answer to a question about a picture, a few words."""
        return self._say(self.features([image]), QUESTION.format(question.strip()))[0]

    def features(self, images: Sequence[Pixels]) -> Floats:
        """What the vision half makes of pictures, N x queries x width; the last ones are kept."""
        keys = [_key(image) for image in images]
        for key, image in zip(keys, images, strict=True):
            if key in self._kept:
                self._kept.move_to_end(key)
                continue
            pixels = prepare(image, self._how)[None]
            (self._kept[key],) = self._look.run(["queries"], {"pixels": pixels})[0]
            self.looked += 1
        found = np.stack([self._kept[key] for key in keys])
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def prompt_ids(self, prompt: str) -> list[int]:
        """The words that follow a picture's vectors: the start of a text, then the prompt.

        Raises:
            UsageError: it is longer than `LONGEST`.
        """
        start = int(self._text.get("bos_token_id", _BOS))
        ids: list[int] = self._tokenizer.encode(prompt, add_special_tokens=False).ids
        if len(ids) > LONGEST:
            raise UsageError(f"{len(ids)} words are too long a prompt; at most {LONGEST}")
        return [start, *ids]

    def states(self, features: Floats, prompt: str) -> Floats:
        """N x T x width: each picture's vectors, then the prompt's."""
        words = self.speaker.vectors(self.prompt_ids(prompt))
        return np.concatenate([features, np.broadcast_to(words, (len(features), *words.shape))], 1)

    def _say(self, features: Floats, prompt: str, *, something: bool = False) -> list[Said]:
        states = self.states(features, prompt)
        answers = self.speaker.say(states, MOST, something=something)
        return [
            Said(self._tokenizer.decode(list(answer.ids)).strip(), answer.confidence)
            for answer in answers
        ]


def _key(image: Pixels) -> bytes:
    from blake3 import blake3

    pixels = np.ascontiguousarray(image)
    return blake3(str(pixels.shape).encode() + pixels.tobytes()).digest()


def _json(path: Path) -> Json:
    if not path.is_file():
        raise WeightsMissing(f"{path} is missing; run: mammothbox models pull full")
    found: Json = json.loads(path.read_text("utf-8"))
    return found
