"""Stage `listen`: speech to text, one recording after the other.

The transcriber works on one recording for seconds; meanwhile the next ones are being decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

from mammothbox.errors import InputError
from mammothbox.models.contracts import Transcriber
from mammothbox.records import AudioContent, Content, Failed, Kind, Result, VideoContent
from mammothbox.understand.calls import each, failed
from mammothbox.understand.stages import Tools, result, timed
from mammothbox.understand.steps import transcript
from mammothbox.understand.work import Task


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """One batch a recording, newest first."""
    decoded = tools.decoder.map((task.ref.path, Kind.AUDIO, task.ref.mime) for task in tasks)
    with tools.models.transcriber() as transcriber:
        for task, content in zip(tasks, decoded, strict=True):
            begin = perf_counter()
            found = _listen(transcriber, task, content)
            yield timed([found], perf_counter() - begin)


def _listen(transcriber: Transcriber, task: Task, content: Content | InputError) -> Result:
    if isinstance(content, InputError):
        return result(task, "transcript", failed(content))
    samples = content.samples if isinstance(content, AudioContent | VideoContent) else None
    if samples is None or not len(samples):
        return result(task, "transcript", transcript.NO_SOUND)
    answer = each(lambda batch: [transcriber.transcribe(one) for one in batch], [samples])[0]
    if isinstance(answer, Failed):
        return result(task, "transcript", answer)
    return result(task, "transcript", *transcript.transcript_result(answer))
