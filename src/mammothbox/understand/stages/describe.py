"""Stage `describe`: the writer's words, for photos in groups of alike ones or one by one.

Prompts go out in bundles, so that the writer's slots are always full; each bundle is one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from mammothbox.arrays import Vector
from mammothbox.errors import BadAnswer
from mammothbox.models.contracts import Prompt, Writer
from mammothbox.records import Digest, Done, Failed, Kind, Passage, Result, Skipped
from mammothbox.store import Space
from mammothbox.understand.calls import each, failed
from mammothbox.understand.groups import alike
from mammothbox.understand.stages import Tools, context, result, timed
from mammothbox.understand.steps import describe
from mammothbox.understand.steps.outline import reads_as
from mammothbox.understand.told import STEP, by_code
from mammothbox.understand.work import Task

ABOVE_MEAN = 0.5
"""Standard deviations above the mean of all photos from which a photo looks like a tag."""

BUNDLE = 16
"""Files or groups whose prompts are sent together: twice as many as the writer has slots, since
answers differ in length and the last ones leave slots empty. A stop waits for those being written;
those that wait for a slot are given up."""


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """Batches of results: what owners say, what is described one by one, then groups of photos."""
    told = [task for task in tasks if STEP in task.due]
    apart = [task for task in told if by_code(task.due[STEP])]
    yield from context.run(tools, apart, tools.settings.batch_files, None)
    told = [task for task in told if not by_code(task.due[STEP])]
    tasks = [task for task in tasks if "describe" in task.due]
    if told or tasks:
        yield from _written(tools, told, tasks)


def _written(tools: Tools, told: Sequence[Task], tasks: Sequence[Task]) -> Iterator[list[Result]]:
    photos = [task for task in tasks if task.ref.kind == Kind.IMAGE]
    in_groups = photos if tools.describe == "groups" else []
    single = [task for task in tasks if not in_groups or task.ref.kind != Kind.IMAGE]
    with tools.models.writer() as writer:
        yield from context.run(tools, told, BUNDLE, lambda prompts: _ask(writer, prompts))
        for start in range(0, len(single), BUNDLE):
            begin = perf_counter()
            batch = single[start : start + BUNDLE]
            yield timed(_describe(tools, writer, batch), perf_counter() - begin)
        vectors = _photos(tools, in_groups)
        groups = _groups(in_groups, vectors)
        alone = [task for group in groups if len(group) < describe.FEW for task in group]
        if alone:
            yield [result(task, "describe", describe.ALONE) for task in alone]
        groups = [group for group in groups if len(group) >= describe.FEW]
        for start in range(0, len(groups), BUNDLE):
            begin = perf_counter()
            bundle = groups[start : start + BUNDLE]
            found = _describe_groups(tools, writer, bundle, vectors)
            yield timed(found, perf_counter() - begin)


def _ask(writer: Writer, prompts: Sequence[Prompt]) -> list[dict[str, Any] | Failed]:
    """What the writer says to each prompt, cleaned."""
    found: list[dict[str, Any] | Failed] = []
    for prompt, answer in zip(prompts, each(writer.write, prompts), strict=True):
        if isinstance(answer, BadAnswer):
            found.append(failed(answer))
        elif isinstance(answer, Failed):
            found.append(answer)
        else:
            found.append(describe.clean(answer, prompt.schema))
    return found


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
    kinds = [reads_as(task.ref.kind, upstream.get(task.ref.digest, {})) for task in batch]
    parts = [describe.parts_of(text) for text in texts]
    summaries = _summaries(writer, parts)
    asked = [at for at, text in enumerate(texts) if text]
    small = tools.settings.profile == "lite"
    prompts = [
        describe.last_prompt(kinds[at], texts[at], summaries[at], small=small) for at in asked
    ]
    answers = dict(zip(asked, _ask(writer, prompts), strict=True))
    return [
        _single(task, texts[at], answers.get(at), len(summaries[at]), len(parts[at]))
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


def _single(
    task: Task, text: str, answer: dict[str, Any] | Failed | None, read: int, of: int
) -> Result:
    if answer is None:
        return result(task, "describe", Skipped("no words to describe it by"))
    if isinstance(answer, Failed):
        return result(task, "describe", answer)
    value = describe.found_in(text, answer)
    if of:
        value |= {"parts": of, "parts_read": read}
    return result(task, "describe", Done(value), describe.passages_of(value))


def _photos(tools: Tools, photos: Sequence[Task]) -> Mapping[Digest, Vector]:
    """The joint vectors of the photos that have one of the model in use."""
    card = tools.models.cards()["embedder"]
    space = Space("joint", card.id, card.revision)
    return tools.store.whole_vectors([task.ref.digest for task in photos], space)


def _groups(photos: Sequence[Task], vectors: Mapping[Digest, Vector]) -> list[list[Task]]:
    seen = [task for task in photos if task.ref.digest in vectors]
    unseen = [[task] for task in photos if task.ref.digest not in vectors]
    if not seen:
        return unseen
    matrix = np.stack([vectors[task.ref.digest] for task in seen]).astype(np.float32)
    return [[seen[at] for at in group] for group in alike(matrix)] + unseen


def _describe_groups(
    tools: Tools,
    writer: Writer,
    groups: Sequence[Sequence[Task]],
    vectors: Mapping[Digest, Vector],
) -> list[Result]:
    digests: list[Digest] = [task.ref.digest for group in groups for task in group]
    upstream = tools.store.results(digests, steps=["caption"])
    prompts = [
        describe.photos_prompt(
            [describe.photo_line(upstream.get(task.ref.digest, {})) for task in group]
        )
        for group in groups
    ]
    answers = _ask(writer, prompts)
    fits = _fitting(tools, answers, vectors)
    return [
        _of_group(task, answer, len(group), fits)
        for group, answer in zip(groups, answers, strict=True)
        for task in group
    ]


def _fitting(
    tools: Tools, answers: Sequence[dict[str, Any] | Failed], vectors: Mapping[Digest, Vector]
) -> Mapping[str, set[Digest]]:
    """Tag → the photos that look like it, in comparison with all photos of this run.

    What the writer says of a group need not hold for each of its photos, so the eyes are asked.
    """
    given = [answer["tags"] for answer in answers if not isinstance(answer, Failed)]
    tags = sorted({tag for some in given for tag in some})
    if not tags or not vectors:
        return {}
    with tools.models.embedder() as embedder:
        sentences = embedder.embed_texts([f"a photo of {tag}" for tag in tags])
    scores = np.stack(list(vectors.values())) @ sentences.T
    least = scores.mean(axis=0) + scores.std(axis=0) * ABOVE_MEAN
    owners = list(vectors)
    return {
        tag: {owners[row] for row in np.flatnonzero(scores[:, column] >= least[column])}
        for column, tag in enumerate(tags)
    }


def _of_group(
    task: Task, answer: Mapping[str, Any] | Failed, size: int, fits: Mapping[str, set[Digest]]
) -> Result:
    if isinstance(answer, Failed):
        return result(task, "describe", answer)
    tags = [tag for tag in answer["tags"] if task.ref.digest in fits.get(tag, ())]
    value = {"group_title": answer["title"], "of_group": size, "tags": tags}
    words = (Passage("tags", ", ".join(tags)),) if tags else ()
    return result(task, "describe", Done(value), words)
