"""One worker with stub models, as a process of its own.

    python -m tests.workers.crew DATABASE_URL REDIS_URL LIBRARY STAGES THREADS [PAUSE_S [HIDDEN]]

PAUSE_S: a pause after each caption, so that there is a moment to kill it in. HIDDEN: a folder that
this worker cannot see. Ends on SIGTERM as the command does. A line of output for each note.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mammothbox.arrays import Pixels
from mammothbox.events import Event, Note
from mammothbox.models.contracts import Caption, Captioner
from mammothbox.models.stub import StubCaptioner, StubModels
from mammothbox.settings import load_settings
from mammothbox.store import open_store
from mammothbox.workers import board, worker

DEADLY_WIDTH = 7
"""A picture so many pixels wide ends the whole process."""

UNSEEN_S = 4.0
"""What one could not see is offered again so soon; a test need not wait as people can."""


class Slow(StubModels):
    """Stubs whose captioner takes its time."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s

    @contextmanager
    def captioner(self) -> Iterator[Captioner]:
        pause_s = self._pause_s

        class SlowCaptioner(StubCaptioner):
            def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
                time.sleep(pause_s)
                return super().caption(images, context)

        yield SlowCaptioner()


def main() -> None:
    database, redis, library, stages, threads, *rest = sys.argv[1:]
    board.UNSEEN_S = UNSEEN_S
    settings = load_settings(
        {},
        library=Path(library),
        database_url=database,
        redis_url=redis,
        decoders=1,
        batch_files=4,
        describe="groups",
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    if len(rest) > 1:
        see = worker.can_see
        worker.can_see = lambda path: not path.startswith(rest[1]) and see(path)

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            print(event.text, flush=True)

    models: Any = Slow(float(rest[0]) if rest else 0.0)
    with open_store(settings.library, url=database, write=True, shared=True) as store:
        print("ready", flush=True)
        worker.serve(
            settings, store, models, stages.split(","), int(threads), tell, stopping, dead_after_s=3
        )
    print("ended", flush=True)


if __name__ == "__main__":
    main()
