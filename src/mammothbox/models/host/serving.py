"""Choose the engine, start loading it, and serve its routes with uvicorn.

Place in the flow: called by `__main__` once the process has settled its signals and its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mammothbox.models.cache import Cache
from mammothbox.models.catalog import CONTRACTS, MODELS, model_for, models_of
from mammothbox.models.derived import build_missing
from mammothbox.models.host.service import Service
from mammothbox.models.manifest import AT_ONCE, Model
from mammothbox.settings import Settings


def _model(arguments: argparse.Namespace) -> Model:
    name = arguments.engine
    chosen = Settings(
        cache=arguments.cache,
        profile=arguments.profile,
        writer=arguments.writer,
        transcriber=arguments.transcriber,
        embedder=arguments.embedder,
        captioner=arguments.captioner,
        device=arguments.device,
    )
    for model in models_of(chosen):
        if model.engine == name:
            return model
    by_engine = {"eyes": "embedder", "whisper": "transcriber", "ocr": "reader"}
    by_engine |= dict.fromkeys(("llama", "qwen"), "writer")
    contract = by_engine.get(arguments.engine, arguments.engine)
    if contract not in CONTRACTS:
        known = ", ".join([*by_engine, *CONTRACTS])
        raise SystemExit(f"{arguments.engine!r} is unknown; one of {known}")
    return model_for(chosen, contract)


def _prepare(model: Model, cache: Cache, profile: str) -> None:
    models = [model, *(MODELS[name] for name in model.needs)]
    cache.require(models, profile)
    for each in models:
        build_missing(each, cache)


def _loader(
    model: Model, cache: Cache, threads: int, profile: str, first: str
) -> Callable[[], Any]:
    """A function that makes the engine, with the heavy imports inside."""

    def load() -> Any:
        _prepare(model, cache, profile)
        folder, gpu = cache.folder(model), bool(model.gpu_bytes)
        if model.engine == "eyes":
            from mammothbox.models.graphs.efficientnet_lite2 import GRAPH as BACKBONE
            from mammothbox.models.host.eyes_routes import Senses

            backbone = cache.root / "efficientnet-lite2" / BACKBONE
            senses = Senses(backbone, cache.root / "minilm", threads)
            if first == "captioner":
                senses.load_sight()
            elif profile == "lite":  # in `full` the joint space is another model's
                senses.load_sentence_side()
            return senses
        if model.engine == "clip":
            from mammothbox.models.engines.clip import ClipEngine
            from mammothbox.models.host.clip_routes import ClipSenses

            return ClipSenses(ClipEngine(folder, threads, exact=gpu, gpu=gpu))
        if model.engine == "blip":
            from mammothbox.models.engines.blip import BlipEngine

            return BlipEngine(folder, threads, model.kind, "blocks8" if gpu else "int8", gpu=gpu)
        if model.engine == "whisper":
            from mammothbox.models.engines.whisper import WhisperEngine

            return WhisperEngine(folder, threads, gpu=gpu)
        if model.engine == "llama":
            from mammothbox.models.engines.llama import LlamaEngine

            weights = folder / "model.gguf"
            slots = AT_ONCE[model.engine]
            return LlamaEngine(weights, threads, slots, model.cache, model.template, gpu=gpu)
        if model.engine == "qwen":
            from mammothbox.models.engines.qwen import QwenEngine

            return QwenEngine(folder, threads, AT_ONCE[model.engine])
        from mammothbox.models.engines.ocr import OcrEngine
        from mammothbox.models.graphs.pp_ocr import GRAPH

        return OcrEngine(folder / GRAPH, threads)

    return load


def _routes(engine: str, service: Service[Any]) -> list[Any]:
    if engine in ("eyes", "clip"):
        from mammothbox.models.host import eyes_routes

        return eyes_routes.routes(service)
    if engine == "blip":
        from mammothbox.models.host import blip_routes

        return blip_routes.routes(service)
    if engine == "whisper":
        from mammothbox.models.host import whisper_routes

        return whisper_routes.routes(service)
    if engine in ("llama", "qwen"):
        from mammothbox.models.host import writer_routes

        return writer_routes.routes(service)
    from mammothbox.models.host import ocr_routes

    return ocr_routes.routes(service)


def _end_when_idle(service: Service[Any], timeout_s: float) -> None:
    def watch() -> None:
        while service.idle_s() < timeout_s:
            time.sleep(min(1.0, timeout_s / 4))
        os._exit(0)

    if timeout_s > 0:
        threading.Thread(target=watch, daemon=True).start()


def serve(arguments: argparse.Namespace) -> None:
    """Serve on `arguments.uds` or on a TCP port until the process is told to end."""
    threads = arguments.threads or min(os.cpu_count() or 1, 8)
    model = _model(arguments)
    workers = AT_ONCE.get(model.engine, 1)
    load = _loader(model, Cache(arguments.cache), threads, arguments.profile, arguments.first)
    service: Service[Any] = Service(load, workers)
    import uvicorn

    from mammothbox.models.host.app import build_app

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # SIGINT is the parent's, SIGTERM ends us at once

    app = build_app(model.engine, service, _routes(model.engine, service))
    uds: Path | None = arguments.uds
    if uds is not None:
        uds.unlink(missing_ok=True)
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        uds=str(uds) if uds else None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=3600,
        ws="none",
    )
    _end_when_idle(service, arguments.idle_timeout)
    asyncio.run(Server(config).serve())
