"""The writer: llama.cpp inside the process, its answers bound to a JSON schema.

Place in the flow: the llama host holds one `LlamaEngine`; `chat` may be called from several
threads, one a slot. llama.cpp's prompt cache (8 GiB by default) and its web pages are off; its own
listener cannot be, so it gets a Unix socket in a private directory that nobody uses.

Example:
    >>> engine = LlamaEngine(Path("model.gguf"), threads=2, slots=4)        # doctest: +SKIP
    >>> engine.chat({"messages": [{"role": "user", "content": "Hi"}]})      # doctest: +SKIP
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mammothbox.errors import ModelError, UsageError
from mammothbox.models.engines.gpu_libraries import load_libraries

CONTEXT_TOKENS = 8192
"""Prompt and answer of one request; the slots share as much memory as one of this length."""

ALL_LAYERS = 999
"""More than any model has."""


class LlamaEngine:
    """One loaded GGUF model.

    Args:
        model: the `.gguf`.
        threads: compute threads.
        slots: answers worked on at once.
        cache: precision of the context's cache, ``q8_0`` or ``q4_0``.
        template: of conversations, Jinja; empty for the one in the file.
        gpu: all layers on the GPU.
    """

    def __init__(
        self,
        model: Path,
        threads: int,
        slots: int,
        cache: str = "q8_0",
        template: str = "",
        *,
        gpu: bool = False,
    ) -> None:
        if gpu and not sees_gpu():
            raise ModelError(
                "llama.cpp sees no GPU: xllamacpp is a build for the processor; see "
                "docs/gpu.md, or set MAMMOTHBOX_DEVICE=cpu"
            )
        load_libraries()  # a build for CUDA wants them when it is imported
        import xllamacpp

        self._private = tempfile.TemporaryDirectory(prefix="mb-", dir=_short_tmp())
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        if template:
            params.chat_template = template
        if gpu:
            params.n_gpu_layers = ALL_LAYERS
        elif sys.platform != "darwin":  # there its default is as good a choice as ours
            params.n_gpu_layers = 0
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = slots
        params.kv_unified = True  # one long request may use what idle slots do not
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.cpuparams.poll = 0  # waiting threads sleep: the cores are shared
        params.cpuparams_batch.poll = 0
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
        kept = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{cache.upper()}")
        params.cache_type_k = params.cache_type_v = kept
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.ui = False
        params.offline = True
        params.fit_params = False
        # Not mapped: the weights are repacked for the CPU, and the mapped file would be held beside
        # the copy (1.99 GB instead of 1.37 GB for the 1.5B writer).
        params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        params.warmup = False
        params.verbosity = 1
        params.hostnames = [f"{self._private.name}/unused.sock"]
        self._server = xllamacpp.Server(params)

    @property
    def context_tokens(self) -> int:
        """Prompt and answer together may be this long."""
        return CONTEXT_TOKENS

    def chat(self, request: dict[str, Any]) -> dict[str, Any]:
        """One answer in the shape of ``/v1/chat/completions``; greedy unless a temperature is set.

        Raises:
            UsageError: llama.cpp refuses the request.
        """
        asked = {"temperature": 0.0, **request, "stream": False}
        try:
            answer: dict[str, Any] = self._server.handle_chat_completions(asked)
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"the writer refuses: {error}") from error
        if "error" in answer:
            raise UsageError(f"the writer refuses: {answer['error']}")
        return answer

    def stream(self, request: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool]) -> None:
        """`chat`, each chunk given to `on_chunk` as it is written, until that returns False.

        Raises:
            UsageError: llama.cpp refuses the request.
        """
        asked = {"temperature": 0.0, **request, "stream": True}

        def take(chunk: dict[str, Any]) -> bool:  # True ends the answer
            return not on_chunk(chunk)

        try:
            self._server.handle_chat_completions(asked, take)
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"the writer refuses: {error}") from error


def sees_gpu() -> bool:
    """Whether this build of llama.cpp finds a GPU."""
    load_libraries()
    import xllamacpp

    gpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU
    return any(device["type"] == gpu for device in xllamacpp.get_device_info())


def _short_tmp() -> str | None:
    """A temporary directory whose name leaves room for a socket's (about 100 bytes)."""
    return None if len(tempfile.gettempdir()) < 60 else "/tmp"  # noqa: S108 - 0700 inside
