"""The captioner that can look again: BLIP-2 in a host, behind `contracts.Captioner`.

Place in the flow: `lease` hands it out where the profile's captioner is a BLIP-2. Knows nothing of
processes or memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mammothbox.arrays import Pixels
from mammothbox.errors import BadAnswer
from mammothbox.models.channel import Channel
from mammothbox.models.client import data_of
from mammothbox.models.contracts import Caption, ModelCard
from mammothbox.models.wire import encode_image

BATCH = 4
"""Pictures of one request; as many as the engine describes side by side."""


class BlipClient:
    """Captions and answers; see `contracts.Captioner`."""

    def __init__(self, channel: Channel, card: ModelCard) -> None:
        self._channel, self.card = channel, card

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        """One caption an image, in order; it goes on where `context` ends, without repeating it."""
        found: list[Caption] = []
        for start in range(0, len(images), BATCH):
            urls = [encode_image(image) for image in images[start : start + BATCH]]
            answer = self._channel.post("/v1/captions", {"images": urls, "prompt": context})
            found += [_caption(said["text"], said) for said in data_of(answer, len(urls))]
        return found

    def ask(self, image: Pixels, question: str) -> Caption:
        """Look at the image (again) and answer; the same image is only looked at once."""
        parts = [
            {"type": "image_url", "image_url": {"url": encode_image(image)}},
            {"type": "text", "text": question},
        ]
        body = {"model": self.card.id, "messages": [{"role": "user", "content": parts}]}
        answer = self._channel.post("/v1/chat/completions", body)
        try:
            return _caption(answer["choices"][0]["message"]["content"], answer)
        except (KeyError, IndexError, TypeError) as error:
            raise BadAnswer(f"{self.card.id} gave no answer: {error!r}") from error


def _caption(text: str, said: dict[str, Any]) -> Caption:
    return Caption(text, float(said["confidence"]))
