"""The small writer on its own engine beside llama.cpp on the same prompts.

Both write titles, summaries and tags of the same made-up documents, as many at once as the product
gives each, each in a process of its own. What they say differs, so tokens are counted too.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.speed.inputs import WORDS
from mammothbox.errors import BadAnswer
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import WRITER_SMALL
from mammothbox.models.client import WriterClient
from mammothbox.models.contracts import ModelCard, Prompt
from mammothbox.models.manifest import AT_ONCE
from mammothbox.models.memory import process_bytes
from mammothbox.records import Kind
from mammothbox.settings import Settings
from mammothbox.understand.condense import condense
from mammothbox.understand.prompts import file_prompt

DOCUMENTS = 16
ENGINES = {"ours": WRITER_SMALL.engine, "bare": WRITER_SMALL.plain_engine}


def measure(settings: Settings) -> dict[str, Any]:
    """Seconds a document, tokens read and written, and memory, of both; ``writer_over_bare``."""
    folder = Cache(settings.cache).folder(WRITER_SMALL)
    threads = settings.threads or min(8, os.cpu_count() or 1)
    found = {}
    for side, engine in ENGINES.items():
        with multiprocessing.get_context("spawn").Pool(1) as one:
            found[side] = one.apply(_write, (folder, engine, threads))
    ratio = found["ours"]["document_s"] / found["bare"]["document_s"]
    return {"writer": {**found, "ours_over_bare": round(ratio, 2)}}


class _Door:
    """Asks an engine of this process in the place of a host, and adds up the tokens."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.usages: list[dict[str, int]] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._engine.chat(body)
        self.usages.append(answer["usage"])
        return answer

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        raise NotImplementedError("nothing here is streamed")

    def tokens(self, kind: str) -> int:
        return sum(usage[f"{kind}_tokens"] for usage in self.usages)


def _write(folder: Path, engine: str, threads: int) -> dict[str, float]:
    """What one engine takes; runs in a process of its own."""
    begin = time.perf_counter()
    door = _Door(_open(folder, engine, threads))
    loaded = time.perf_counter()
    writer = WriterClient(door, ModelCard(WRITER_SMALL.id, engine), 8192, AT_ONCE[engine])
    answers = writer.write(_prompts())
    end = time.perf_counter()
    if failed := [answer for answer in answers if isinstance(answer, BadAnswer)]:
        raise RuntimeError(f"{len(failed)} of {DOCUMENTS} answers of {engine} failed: {failed[0]}")
    return {
        "document_s": round((end - loaded) / DOCUMENTS, 3),
        "read_tokens": door.tokens("prompt"),
        "written_tokens": door.tokens("completion"),
        "load_s": round(loaded - begin, 2),
        "memory_mb": round(process_bytes(os.getpid()) / 1e6),
    }


def _open(folder: Path, engine: str, threads: int) -> Any:
    if engine == "qwen":
        from mammothbox.models.engines.qwen import QwenEngine

        return QwenEngine(folder, threads, AT_ONCE[engine])
    from mammothbox.models.engines.llama import LlamaEngine

    return LlamaEngine(folder / "model.gguf", threads, AT_ONCE[engine])


def _prompts() -> list[Prompt]:
    """What the product asks of documents like those of the other benches."""
    random = np.random.default_rng(4)
    texts = [" ".join(random.choice(WORDS, 750)) for _ in range(DOCUMENTS)]
    told = [f"Report {n} on {text.split()[0]}\n{text}" for n, text in enumerate(texts)]
    return [file_prompt(Kind.DOCUMENT, condense(text, 900), names=False) for text in told]
