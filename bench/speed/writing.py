"""The small writer on its own engine beside llama.cpp on the same prompts.

Both write titles, summaries and tags of the same made-up documents, as many at once as the product
gives each, each in a process of its own. What they say differs, so tokens are counted too.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.speed.inputs import WORDS
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import WRITER_SMALL
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


def _write(folder: Path, engine: str, threads: int) -> dict[str, float]:
    """What one engine takes; runs in a process of its own."""
    begin = time.perf_counter()
    writer = _open(folder, engine, threads)
    loaded = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE[engine]) as crowd:
        usages = list(crowd.map(lambda asked: writer.chat(asked)["usage"], _requests()))
    end = time.perf_counter()
    return {
        "document_s": round((end - loaded) / DOCUMENTS, 3),
        "read_tokens": sum(usage["prompt_tokens"] for usage in usages),
        "written_tokens": sum(usage["completion_tokens"] for usage in usages),
        "load_s": round(loaded - begin, 2),
        "memory_mb": round(process_bytes(os.getpid()) / 1e6),
    }


def _open(folder: Path, engine: str, threads: int) -> Any:
    if engine == "qwen":
        from mammothbox.models.engines.qwen import QwenEngine

        return QwenEngine(folder, threads, AT_ONCE[engine])
    from mammothbox.models.engines.llama import LlamaEngine

    return LlamaEngine(folder / "model.gguf", threads, AT_ONCE[engine])


def _requests() -> list[dict[str, Any]]:
    """What the product asks of documents like those of the other benches."""
    random = np.random.default_rng(4)
    found = []
    for number in range(DOCUMENTS):
        words = " ".join(random.choice(WORDS, 750))
        text = f"Report {number} on {words.split()[0]}\n{words}"
        prompt = file_prompt(Kind.DOCUMENT, condense(text, 900), names=False)
        schema = {"name": "answer", "schema": prompt.schema, "strict": True}
        messages = [("system", prompt.system), ("user", prompt.user)]
        found.append(
            {
                "messages": [{"role": role, "content": said} for role, said in messages],
                "response_format": {"type": "json_schema", "json_schema": schema},
                "max_tokens": prompt.max_tokens,
            }
        )
    return found
