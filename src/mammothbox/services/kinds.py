"""The five services: which contract each one serves, and how it is woken.

Place in the flow: `app` builds the routes of a kind, `serving` starts it. Values only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mammothbox.models import Models
from mammothbox.models.manifest import AT_ONCE

Wake = Callable[[Models], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """One service.

    Attributes:
        name: what `mammothbox serve` calls it.
        contract: the method of `Models` that leases its model.
        wake: asks the model for next to nothing, so that it is loaded afterwards.
        workers: requests that its model works on at once, at most.
    """

    name: str
    contract: str
    wake: Wake
    workers: int = 1


def _grey() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((32, 32, 3), 128, np.uint8)


def _wake_blip(models: Models) -> object:
    with models.captioner() as captioner:
        return captioner.caption([_grey()])


def _wake_clip(models: Models) -> object:
    with models.embedder() as embedder:
        return embedder.embed_texts(["grey"])


def _wake_whisper(models: Models) -> object:
    with models.transcriber() as transcriber:
        return transcriber.transcribe(np.zeros(1600, np.float32))


def _wake_phi35(models: Models) -> object:
    with models.writer() as writer:
        message = {"role": "user", "content": "Hi"}
        return writer.chat({"messages": [message], "max_tokens": 1})


def _wake_text(models: Models) -> object:
    with models.text_embedder() as embedder:
        return embedder.embed_texts(["grey"])


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("blip", "captioner", _wake_blip),
        Kind("clip", "embedder", _wake_clip),
        Kind("whisper", "transcriber", _wake_whisper),
        Kind("phi35", "writer", _wake_phi35, workers=max(AT_ONCE["llama"], AT_ONCE["qwen"])),
        Kind("text", "text_embedder", _wake_text),
    )
}
