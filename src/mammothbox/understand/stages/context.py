"""The part of stage `describe` that sets sentences into what their owner says, see `steps.context`.

Code does it at once and needs no model; where the writer sees each photo, it is asked as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

from mammothbox.models.contracts import Prompt
from mammothbox.records import Done, Failed, Kind, Result
from mammothbox.store.contexts import spoken_of
from mammothbox.understand.stages import Tools, result, timed
from mammothbox.understand.steps import context
from mammothbox.understand.told import STEP
from mammothbox.understand.work import Task

Ask = Callable[[Sequence[Prompt]], Sequence[dict[str, Any] | Failed]]
"""Prompts in, what the writer says to each."""


def run(tools: Tools, tasks: Sequence[Task], size: int, ask: Ask | None) -> Iterator[list[Result]]:
    """Batches of `size` files; without `ask` by code alone."""
    for start in range(0, len(tasks), size):
        begin = perf_counter()
        yield timed(_set(tools, tasks[start : start + size], ask), perf_counter() - begin)


def _set(tools: Tools, batch: Sequence[Task], ask: Ask | None) -> list[Result]:
    digests = [task.ref.digest for task in batch]
    spoken = spoken_of(tools.store, digests)
    upstream = tools.store.results(digests, ["facts", "caption", "ocr"])
    known = {}
    for task in batch:
        if task.ref.digest in spoken:
            of_photo = upstream[task.ref.digest] if task.ref.kind == Kind.IMAGE else {}
            text = spoken[task.ref.digest][1]
            known[task.ref.digest] = context.known_of(task.ref, of_photo, text)
    prompts = {}
    for digest, mine in known.items():
        prompt = context.asked(mine) if ask else None
        if prompt:
            prompts[digest] = prompt
    said = ask(list(prompts.values())) if ask else ()
    answers = {
        digest: answer
        for digest, answer in zip(prompts, said, strict=True)
        if not isinstance(answer, Failed)
    }
    found = []
    for task in batch:
        if task.ref.digest not in known:
            found.append(result(task, STEP, context.TAKEN_BACK))
            continue
        value = context.value_of(known[task.ref.digest], answers.get(task.ref.digest))
        found.append(result(task, STEP, Done(value), context.passages_of(value)))
    return found
