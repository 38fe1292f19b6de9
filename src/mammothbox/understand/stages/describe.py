"""Stage `describe`: the writer's words, for photos in groups of alike ones or one by one.

Prompts go out in bundles, so that the writer's slots are always full; each bundle is one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from mammothbox.errors import BadAnswer
from mammothbox.models.contracts import Prompt, Writer
from mammothbox.records import Digest, Done, Failed, Kind, Passage, Result, Skipped
from mammothbox.understand.calls import each, failed
from mammothbox.understand.groups import alike
from mammothbox.understand.stages import Tools, result, timed
from mammothbox.understand.steps import describe
from mammothbox.understand.work import Task

BUNDLE = 4
"""Files or groups whose prompts are sent together: as many as the writer has slots, so that a stop
waits for one answer and not for two."""


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """Batches of results: first what is described one by one, then groups of photos."""
    photos = [task for task in tasks if task.ref.kind == Kind.IMAGE]
    in_groups = photos if tools.describe == "groups" else []
    single = [task for task in tasks if not in_groups or task.ref.kind != Kind.IMAGE]
    with tools.models.writer() as writer:
        for start in range(0, len(single), BUNDLE):
            begin = perf_counter()
            batch = single[start : start + BUNDLE]
            yield timed(_describe(tools, writer, batch), perf_counter() - begin)
        groups = _groups(tools, in_groups)
        for start in range(0, len(groups), BUNDLE):
            begin = perf_counter()
            bundle = groups[start : start + BUNDLE]
            yield timed(_describe_groups(tools, writer, bundle), perf_counter() - begin)


def _ask(writer: Writer, prompts: Sequence[Prompt]) -> list[dict[str, Any] | Failed]:
    answers = each(writer.write, prompts)
    return [failed(answer) if isinstance(answer, BadAnswer) else answer for answer in answers]


def _describe(tools: Tools, writer: Writer, batch: Sequence[Task]) -> list[Result]:
    digests = [task.ref.digest for task in batch]
    upstream = tools.store.results(digests)
    passages = tools.store.passages(digests)
    texts = [
        describe.text_for(
            task.ref, upstream.get(task.ref.digest, {}), passages.get(task.ref.digest, [])
        ).strip()
        for task in batch
    ]
    parts = [describe.parts_of(text) for text in texts]
    summaries = _summaries(writer, parts)
    asked = [at for at, text in enumerate(texts) if text]
    prompts = [describe.last_prompt(batch[at].ref, texts[at], summaries[at]) for at in asked]
    answers = dict(zip(asked, _ask(writer, prompts), strict=True))
    return [
        _single(task, answers.get(at), len(summaries[at]), len(parts[at]))
        for at, task in enumerate(batch)
    ]


def _summaries(writer: Writer, parts: Sequence[Sequence[str]]) -> list[list[str]]:
    """What the parts of each text say; a part that fails is left out."""
    prompts = [describe.part_prompts(mine) for mine in parts]
    answers = iter(_ask(writer, [prompt for mine in prompts for prompt in mine]))
    return [
        [a["summary"] for a in (next(answers) for _ in mine) if not isinstance(a, Failed)]
        for mine in prompts
    ]


def _single(task: Task, answer: dict[str, Any] | Failed | None, read: int, of: int) -> Result:
    if answer is None:
        return result(task, "describe", Skipped("no words to describe it by"))
    if isinstance(answer, Failed):
        return result(task, "describe", answer)
    value = describe.clean(answer)
    if of:
        value |= {"parts": of, "parts_read": read}
    return result(task, "describe", Done(value), describe.passages_of(value))


def _groups(tools: Tools, photos: Sequence[Task]) -> list[list[Task]]:
    vectors = tools.store.whole_vectors([task.ref.digest for task in photos], "joint")
    seen = [task for task in photos if task.ref.digest in vectors]
    unseen = [[task] for task in photos if task.ref.digest not in vectors]
    if not seen:
        return unseen
    matrix = np.stack([vectors[task.ref.digest] for task in seen]).astype(np.float32)
    return [[seen[at] for at in group] for group in alike(matrix)] + unseen


def _describe_groups(
    tools: Tools, writer: Writer, groups: Sequence[Sequence[Task]]
) -> list[Result]:
    digests: list[Digest] = [task.ref.digest for group in groups for task in group]
    upstream = tools.store.results(digests, steps=["caption"])
    prompts = [
        describe.photos_prompt(
            [describe.photo_line(upstream.get(task.ref.digest, {})) for task in group]
        )
        for group in groups
    ]
    found = []
    for group, answer in zip(groups, _ask(writer, prompts), strict=True):
        found += [_of_group(task, answer, len(group)) for task in group]
    return found


def _of_group(task: Task, answer: Mapping[str, Any] | Failed, size: int) -> Result:
    if isinstance(answer, Failed):
        return result(task, "describe", answer)
    value = describe.clean(answer)
    value |= {"group_title": value.pop("title"), "of_group": size}
    words = Passage("tags", ", ".join([value["group_title"], *value["tags"]]))
    return result(task, "describe", Done(value), (words,))
