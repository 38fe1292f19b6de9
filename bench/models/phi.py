"""Phi-3.5-mini's size in Q4_K_M: memory of its host at 8,192 tokens, and how fast it is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.models.sampling import Samples, on_gpu
from bench.models.weights import prepare
from mammothbox.models import open_models
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import model_for
from mammothbox.models.contracts import Writer
from mammothbox.models.lease import estimate
from mammothbox.settings import Settings

PROMPT_WORDS, ANSWER_TOKENS, SLOTS = 700, 32, 4
FULL_WORDS = 7_700
"""Words that nearly fill the context of 8,192 tokens; about one token each."""

LOOK_EVERY_S = 2.0
"""Adding up the pages of 3 GB takes a core for 30 ms; ten times a second that slows the writer."""

LONGEST_S = 240.0
"""The context is not filled where that would take longer."""

WORDS = [
    "the",
    "harbour",
    "and",
    "a",
    "dog",
    "in",
    "his",
    "boat",
    "with",
    "some",
    "bread",
    "for",
    "her",
    "children",
    "at",
    "this",
    "garden",
]


def measure(settings: Settings, scratch: Path, *, long: bool = False) -> dict[str, Any]:
    """Memory in GB (10^9), rates in tokens a second.

    `long` fills the whole context once. That takes time and changes little else: llama.cpp claims
    the memory of its cache when it loads.
    """
    full = prepare(settings, scratch)
    cache, model = Cache(full.cache), model_for(full, "writer")
    found: dict[str, Any] = {
        "file_gb": _gb(cache.path(model.files[0]).stat().st_size),
        "estimated_gb": _gb(estimate([model], cache)),
    }
    with (
        open_models(full) as models,
        Samples(models.pss_bytes, LOOK_EVERY_S) as samples,
        on_gpu(models) as gpu,
    ):
        begin = time.perf_counter()
        with models.writer() as writer:
            _ask(writer, 5, 1)
            found["load_s"] = round(time.perf_counter() - begin, 1)
            found["loaded_gb"] = _gb(samples.most)
            found |= _rates(writer)
            if long and FULL_WORDS / found["tokens_read_s"] < LONGEST_S:
                found["filled_tokens"], found["fill_s"] = _ask(writer, FULL_WORDS, 1)
        found["host_gb"] = _gb(samples.most)
    found |= gpu()
    return found | {"promised_gb": 4.0, "request_tokens_s": "50-100"}


def _rates(writer: Writer) -> dict[str, float]:
    read, read_s = _ask(writer, PROMPT_WORDS, 1)
    _, one_s = _ask(writer, 6, 1, begins="dog")
    _, many_s = _ask(writer, 6, ANSWER_TOKENS + 1, begins="cat")
    begin = time.perf_counter()
    with ThreadPoolExecutor(SLOTS) as pool:
        asked = [
            pool.submit(_ask, writer, 6, ANSWER_TOKENS + 1, begins=f"pen {n}") for n in range(SLOTS)
        ]
        for one in asked:
            one.result()
    together_s = time.perf_counter() - begin
    return {
        "tokens_read_s": round(read / read_s, 1),
        "tokens_written_s": round(ANSWER_TOKENS / (many_s - one_s), 1),
        "tokens_written_s_4_at_once": round(SLOTS * ANSWER_TOKENS / (together_s - one_s), 1),
        "prompt_tokens": read,
    }


def _ask(writer: Writer, words: int, tokens: int, begins: str = "") -> tuple[int, float]:
    """(tokens read, seconds) of a conversation of `words` words, answered with `tokens` tokens."""
    text = " ".join([begins or f"note {words}", *(WORDS[n % len(WORDS)] for n in range(words))])
    begin = time.perf_counter()
    answer = writer.chat(
        {
            "messages": [{"role": "user", "content": text}],
            "max_tokens": tokens,
            "ignore_eos": True,
            "temperature": 1.0,  # the likeliest word alone would come again and again
            "seed": words,
            "cache_prompt": False,
        }
    )
    seconds = time.perf_counter() - begin
    usage = answer["usage"]
    if usage["completion_tokens"] != tokens:
        raise RuntimeError(f"{tokens} tokens were asked for, {usage} came")
    return usage["prompt_tokens"], round(seconds, 2)


def _gb(size: int) -> float:
    return round(size / 1e9, 2)
