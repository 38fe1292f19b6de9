"""Stage `listen`: speech to text, short recordings side by side.

The transcriber works on recordings for seconds; meanwhile the next ones are being decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter

import numpy as np

from mammothbox.arrays import Samples
from mammothbox.decode import Decoder
from mammothbox.errors import InputError
from mammothbox.models.contracts import Transcriber, Transcript
from mammothbox.records import AudioContent, Content, Failed, Kind, Result, VideoContent
from mammothbox.understand.calls import each, failed
from mammothbox.understand.stages import Tools, result
from mammothbox.understand.steps import transcript
from mammothbox.understand.work import Task

RATE = 16_000
AT_ONCE = 2
"""Recordings that are with the transcriber at a time."""
A_BATCH = 4
"""Recordings that are stored together; an interruption costs no more."""
A_BATCH_S = 300.0
"""... and seconds of sound, unless one alone is longer: the transcriber divides that itself."""

NO_SAMPLES: Samples = np.zeros(0, np.float32)

Decoded = tuple[Task, Content | InputError]


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """Batches of recordings, newest first."""
    with tools.models.transcriber() as transcriber:
        for batch in _batches(tools.decoder, tasks):
            begin = perf_counter()
            results = _listen(transcriber, batch)
            yield _timed(results, batch, perf_counter() - begin)


def _batches(decoder: Decoder, tasks: Sequence[Task]) -> Iterator[list[Decoded]]:
    decoded = decoder.map((task.ref.path, Kind.AUDIO, task.ref.mime) for task in tasks)
    batch: list[Decoded] = []
    seconds = 0.0
    for task, content in zip(tasks, decoded, strict=True):
        more = len(_sound(content)) / RATE
        if batch and (len(batch) == A_BATCH or seconds + more > A_BATCH_S):
            yield batch
            batch, seconds = [], 0.0
        batch.append((task, content))
        seconds += more
    if batch:
        yield batch


def _listen(transcriber: Transcriber, batch: Sequence[Decoded]) -> list[Result]:
    sounds = [_sound(content) for _, content in batch]
    sounds = [sound for sound in sounds if len(sound)]

    def side_by_side(some: Sequence[Samples]) -> list[Transcript]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(transcriber.transcribe, some))

    answers = iter(each(side_by_side, sounds))
    return [_result(task, content, answers) for task, content in batch]


def _result(
    task: Task, content: Content | InputError, answers: Iterator[Transcript | Failed]
) -> Result:
    if isinstance(content, InputError):
        return result(task, "transcript", failed(content))
    if not len(_sound(content)):
        return result(task, "transcript", transcript.NO_SOUND)
    answer = next(answers)
    if isinstance(answer, Failed):
        return result(task, "transcript", answer)
    return result(task, "transcript", *transcript.transcript_result(answer))


def _sound(content: Content | InputError) -> Samples:
    """The samples, none where there is no sound."""
    samples = content.samples if isinstance(content, AudioContent | VideoContent) else None
    return NO_SAMPLES if samples is None else samples


def _timed(results: Sequence[Result], batch: Sequence[Decoded], seconds: float) -> list[Result]:
    """The results with the batch's wall time shared out by length."""
    lengths = [max(1, len(_sound(content))) for _, content in batch]
    share = seconds / sum(lengths)
    return [
        replace(item, seconds=share * length) for item, length in zip(results, lengths, strict=True)
    ]
