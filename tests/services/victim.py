"""A captioning service that dies of SIGKILL over its n-th picture: ``victim.py PORT N``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mammothbox.arrays import Pixels
from mammothbox.models.contracts import Caption, Captioner
from mammothbox.models.stub import StubCaptioner, StubModels
from tests.services.running import running

WAKING_PX = 32
"""The picture by which a service loads its model is no larger than this, those of the test are."""


class Mortal(StubCaptioner):
    def __init__(self, left: int) -> None:
        self.left = left

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        if images[0].shape[1] > WAKING_PX:
            self.left -= len(images)
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().caption(images, context)


class MortalModels(StubModels):
    def __init__(self, left: int) -> None:
        self.mortal = Mortal(left)

    @contextmanager
    def captioner(self) -> Iterator[Captioner]:
        yield self.mortal


if __name__ == "__main__":
    with running("blip", MortalModels(int(sys.argv[2])), port=int(sys.argv[1])):
        print("listening", flush=True)
        time.sleep(120)
