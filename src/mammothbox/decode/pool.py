"""`Decoder`: a pool of decoding children behind one small door.

Each pool thread owns one child, starts it at the first file, and replaces it when it dies. A crash
blames a file only if a fresh child dies on it too, so what an earlier file left behind in a child's
memory is never charged to a later one. Knows nothing of formats, models or storage.

Example:
    >>> from mammothbox.settings import Settings
    >>> with Decoder(Settings()) as decoder:                           # doctest: +SKIP
    ...     for content in decoder.map([("/p/a.jpg", Kind.IMAGE, "image/jpeg")]):
    ...         print(content)
"""

from __future__ import annotations

import os
import posixpath
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mammothbox.decode.glance import Glance
from mammothbox.decode.limits import Limits
from mammothbox.decode.worker import ChildDiedError, Worker, blame
from mammothbox.errors import DecodeCrash, InputError
from mammothbox.records import Content, Kind
from mammothbox.settings import Settings

_MAX_CHILDREN = 4
_FILES_PER_CHILD = 2000
"""A child is replaced after so many files, so that leaks of codecs stay small."""


class Decoder:
    """A pool of child processes with limits. Safe to use from several threads.

    Args:
        settings: ``decoders``, ``decode_*``, ``max_*`` and ``image_side_px`` are read.
    """

    def __init__(self, settings: Settings) -> None:
        self._limits = Limits.of(settings)
        self._children = settings.decoders or min(os.cpu_count() or 1, _MAX_CHILDREN)
        self._threads = ThreadPoolExecutor(self._children, thread_name_prefix="decode")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._closed = False

    def __enter__(self) -> Decoder:
        """The decoder itself; it is closed when the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def decode(self, path: str, kind: Kind, mime: str) -> Content:
        """What the file holds: with `AUDIO` the sound alone, with `VIDEO` what there is of both.

        Args:
            path: the file, opened for reading only.
            kind: how to read it.
            mime: media type, refines `kind`.

        Raises:
            InputError: one of its leaves, with a message that begins with the file's name.
        """
        return self._submit(path, kind, mime).result()

    def glance(self, path: str, kind: Kind, mime: str, wanted: Glance) -> Content:
        """A small picture of the file, some frames, a wave or a page; see `glance`.

        Raises:
            InputError: one of its leaves.
        """
        return self._submit(path, kind, mime, wanted).result()

    def decode_bytes(self, data: bytes, kind: Kind, mime: str, name: str = "upload") -> Content:
        """`decode` for bytes that are in no file yet, such as an upload.

        Raises:
            InputError: one of its leaves.
        """
        with tempfile.TemporaryDirectory(prefix="mammothbox-") as folder:
            path = os.path.join(folder, posixpath.basename(name) or "upload")  # noqa: PTH118
            with open(path, "wb") as file:
                file.write(data)
            return self.decode(path, kind, mime)

    def map(self, files: Iterable[tuple[str, Kind, str]]) -> Iterator[Content | InputError]:
        """Decode many files, in order, ahead of the caller in all children.

        At most two results a child are held, so memory stays bounded however slow the caller is.

        Args:
            files: (path, kind, mime) of each; taken one by one, only as far as needed.

        Yields:
            The content of each file, or the `InputError` that it met.
        """
        pending: deque[Future[Content]] = deque()
        try:
            for path, kind, mime in files:
                pending.append(self._submit(path, kind, mime))
                if len(pending) >= 2 * self._children:
                    yield _outcome(pending.popleft())
            while pending:
                yield _outcome(pending.popleft())
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """End all children, also those at work. Safe to call again."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()

    def _submit(
        self, path: str, kind: Kind, mime: str, wanted: Glance | None = None
    ) -> Future[Content]:
        absolute = os.path.abspath(path)  # noqa: PTH100 - the children stand in another folder
        return self._threads.submit(self._work, absolute, kind, mime, wanted)

    def _work(self, path: str, kind: Kind, mime: str, wanted: Glance | None) -> Content:
        name = posixpath.basename(path)
        while True:
            worker = self._worker()
            fresh = worker.served == 0
            try:
                return worker.decode(path, kind, mime, wanted)
            except ChildDiedError as death:
                if self._closed:
                    raise DecodeCrash(f"{name}: the decoder was closed") from death
                if fresh:
                    raise blame(death, name) from death

    def _worker(self) -> Worker:
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is not None and worker.alive and worker.served < _FILES_PER_CHILD:
            return worker
        with self._lock:
            if worker is not None:
                worker.close()
                self._workers.discard(worker)
            if self._closed:
                raise DecodeCrash("the decoder was closed")
            self._local.worker = worker = Worker(self._limits)
            self._workers.add(worker)
        return worker


def _outcome(future: Future[Content]) -> Content | InputError:
    try:
        return future.result()
    except InputError as error:
        return error
