"""Stage `look`: decode once, then facts, document text, captions, joint vectors and OCR.

After its batch is stored a photo can be found. Decoding runs ahead in the child processes while
the models work on the pictures decoded before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

from mammothbox.arrays import Pixels
from mammothbox.decode import TEXT_LIKELY, text_likelihood
from mammothbox.errors import InputError, ServiceAway, Unreadable
from mammothbox.models.contracts import Captioner, Embedder, TextReader
from mammothbox.records import (
    Content,
    DocumentContent,
    Failed,
    FileRef,
    ImageContent,
    Kind,
    Result,
    Skipped,
    VideoContent,
)
from mammothbox.understand.calls import each, failed
from mammothbox.understand.stages import Tools, result, timed
from mammothbox.understand.steps import caption, embed, facts, ocr, text
from mammothbox.understand.work import Task

PICTURES_A_BATCH = 48
"""Photos and keyframes together; bounds what is held in memory."""
LOOK_SIDE = 384
"""Shorter side in pixels of what vision models are sent; the largest of them looks at 260."""

_BY_STEP = (("caption", "captioner"), ("embed", "embedder"))
"""Steps in their order, and the contract of each."""

NO_PICTURES = Skipped("no pictures in it")
"""For a file that was taken for a video and has only sound."""

Decoded = tuple[Task, Content | InputError]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A decoded file, and its pictures in the size that vision models are sent."""

    task: Task
    content: Content
    pictures: Sequence[Pixels]


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """Batches of results, newest files first."""
    with ExitStack() as leases:
        eyes = _Eyes(tools, leases)
        if contract := _first_needed(tasks):
            tools.models.start(contract)  # it loads while the first pictures are decoded
        for batch in _batches(tools, tasks):
            begin = perf_counter()
            yield timed(_look(eyes, batch), perf_counter() - begin)


def _first_needed(tasks: Sequence[Task]) -> str:
    """The contract that the first picture will ask for; "" where none is to be looked at."""
    pictures = [task.due for task in tasks if task.ref.kind in (Kind.IMAGE, Kind.VIDEO)]
    wanted = [name for step, name in _BY_STEP if any(step in due for due in pictures)]
    return wanted[0] if wanted else ""


class _Eyes:
    """The models of this stage, each leased when its first picture comes."""

    def __init__(self, tools: Tools, leases: ExitStack) -> None:
        self._tools = tools
        self._leases = leases
        self._captioner: Captioner | None = None
        self._embedder: Embedder | None = None
        self._reader: TextReader | None = None

    def postpone(self, step: str, error: ServiceAway) -> None:
        """Remember that `step` waits for another run."""
        self._tools.postponed[step] = str(error)

    @property
    def captioner(self) -> Captioner:
        if self._captioner is None:
            self._captioner = self._leases.enter_context(self._tools.models.captioner())
        return self._captioner

    @property
    def embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._leases.enter_context(self._tools.models.embedder())
        return self._embedder

    @property
    def reader(self) -> TextReader:
        if self._reader is None:
            self._reader = self._leases.enter_context(self._tools.models.reader())
        return self._reader


def _batches(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Decoded]]:
    batch: list[Decoded] = []
    pictures = 0
    media = (task for task in tasks if task.ref.kind != Kind.OTHER)
    others = [task for task in tasks if task.ref.kind == Kind.OTHER]
    for start in range(0, len(others), 500):
        unfit = others[start : start + 500]
        yield [(task, Unreadable("not decoded")) for task in unfit]
    decoded = tools.decoder.map(
        (task.ref.path, task.ref.kind, task.ref.mime)
        for task in tasks
        if task.ref.kind != Kind.OTHER
    )
    for task, content in zip(media, decoded, strict=True):
        batch.append((task, _unless_changed(task.ref, content)))
        pictures += len(content.frames) if isinstance(content, VideoContent) else 1
        if pictures >= PICTURES_A_BATCH or len(batch) >= tools.settings.batch_files:
            yield batch
            batch, pictures = [], 0
    if batch:
        yield batch


def _unless_changed(ref: FileRef, content: Content | InputError) -> Content | InputError:
    """New bytes must not be filed under the old digest."""
    try:
        now = Path(ref.path).stat()
    except OSError:
        return Unreadable("vanished while it was read")
    if (now.st_size, now.st_mtime_ns) != (ref.size, ref.mtime_ns):
        return Unreadable("changed while it was read; the next run reads it again")
    return content


def _look(eyes: _Eyes, batch: Sequence[Decoded]) -> list[Result]:
    results: list[Result] = []
    seen: list[Seen] = []
    for task, content in batch:
        if isinstance(content, InputError):
            results += _undecoded(task, content)
        else:
            seen.append(Seen(task, content, _pictures(content)))
            results += _plain(task, content)
    return [*results, *_captions(eyes, seen), *_embeddings(eyes, seen), *_texts(eyes, seen)]


def _undecoded(task: Task, error: InputError) -> list[Result]:
    if task.ref.kind == Kind.OTHER:
        return [result(task, "facts", facts.not_media(task.ref))]
    # The failure stands with `facts`, once; where those are known, with the step that asked.
    steps = ["facts"] if "facts" in task.due else list(task.due)
    return [result(task, step, failed(error)) for step in steps]


def _plain(task: Task, content: Content) -> list[Result]:
    found = []
    if "facts" in task.due:
        found.append(result(task, "facts", facts.facts_of(content), facts.passages_of(content)))
    if "text" in task.due and isinstance(content, DocumentContent):
        outcome, passages = text.read_text(content)
        found.append(result(task, "text", outcome, passages))
    return found


def _pictures(content: Content) -> list[Pixels]:
    if isinstance(content, ImageContent):
        return [_small(content.pixels)]
    if isinstance(content, VideoContent):
        return [_small(frame.pixels) for frame in content.frames]
    return []


def _small(pixels: Pixels) -> Pixels:
    """Shrunk to `LOOK_SIDE`, so that less is sent than decoded; never enlarged."""
    shorter = min(pixels.shape[:2])
    if shorter <= LOOK_SIDE:
        return pixels
    import cv2

    height, width = (max(1, round(side * LOOK_SIDE / shorter)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _per_file(
    eyes: _Eyes,
    call: Callable[[Sequence[Pixels]], Sequence[Answer]],
    step: str,
    seen: Sequence[Seen],
) -> Iterator[tuple[Seen, list[Answer] | Failed]]:
    """One call for the pictures of all files that owe `step`, its answers sorted back to them.

    Nothing where the model is a service that is away: the step stays due, the others go on.
    """
    wanted = [item for item in seen if step in item.task.due]
    try:
        answers = iter(each(call, [pixels for item in wanted for pixels in item.pictures]))
    except ServiceAway as error:
        eyes.postpone(step, error)
        return
    for item in wanted:
        mine = [next(answers) for _ in item.pictures]
        good = [answer for answer in mine if not isinstance(answer, Failed)]
        bad = next((answer for answer in mine if isinstance(answer, Failed)), None)
        yield item, bad if bad is not None else good


def _captions(eyes: _Eyes, seen: Sequence[Seen]) -> Iterator[Result]:
    for item, answers in _per_file(eyes, lambda p: eyes.captioner.caption(p), "caption", seen):
        if isinstance(answers, Failed):
            yield result(item.task, "caption", answers)
        elif not answers:
            yield result(item.task, "caption", NO_PICTURES)
        elif isinstance(item.content, VideoContent):
            yield result(item.task, "caption", *caption.video_caption(item.content, answers))
        else:
            yield result(item.task, "caption", *caption.image_caption(answers[0]))


def _embeddings(eyes: _Eyes, seen: Sequence[Seen]) -> Iterator[Result]:
    for item, rows in _per_file(eyes, lambda p: list(eyes.embedder.embed_images(p)), "embed", seen):
        if isinstance(rows, Failed):
            yield result(item.task, "embed", rows)
        elif not rows:
            yield result(item.task, "embed", NO_PICTURES)
        else:
            outcome, found = embed.embeddings_of(item.content, np.stack(rows))
            yield result(item.task, "embed", outcome, embeddings=found)


def _sheets(content: Content) -> list[ocr.Sheet]:
    if isinstance(content, ImageContent):
        return [ocr.Sheet(content.pixels)] if content.text_likelihood >= TEXT_LIKELY else []
    if isinstance(content, VideoContent):
        return [
            ocr.Sheet(frame.pixels, start_s=frame.time_s)
            for frame in content.frames
            if text_likelihood(frame.pixels) >= TEXT_LIKELY
        ]
    if isinstance(content, DocumentContent):
        return [
            ocr.Sheet(page.pixels, page=page.number)
            for page in content.pages
            if page.pixels is not None
        ]
    return []


def _texts(eyes: _Eyes, seen: Sequence[Seen]) -> Iterator[Result]:
    """All sheets of the batch in one call: by itself a photo would keep one core busy."""
    wanted = [(item.task, _sheets(item.content)) for item in seen if "ocr" in item.task.due]
    pixels = [sheet.pixels for _, sheets in wanted for sheet in sheets]
    answers = iter(each(lambda p: eyes.reader.read(p), pixels))
    for task, sheets in wanted:
        if not sheets:
            yield result(task, "ocr", ocr.NOTHING_TO_READ)
            continue
        read = [next(answers) for _ in sheets]
        bad = next((lines for lines in read if isinstance(lines, Failed)), None)
        good = [lines for lines in read if not isinstance(lines, Failed)]
        outcome, passages = (bad, ()) if bad is not None else ocr.ocr_result(sheets, good)
        yield result(task, "ocr", outcome, passages)
