"""`/health`, `/status`, `/models`, `/metrics`: how the server itself is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse

from mammothbox import __version__
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import TheDesk
from mammothbox.model_admin import describe_models

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """That the server answers, and its library can be read."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])


@router.get("/health", response_model=Health, summary="Is it well?")
def health(desk: TheDesk) -> Any:
    """Reads one value of the library."""
    desk.library.store.meta("health")
    return Answer({"status": "ok", "version": __version__})


class Status(BaseModel):
    """What the library holds, and what its processes use."""

    library: str = Field(examples=["/home/ann/.local/share/mammothbox"])
    profile: str = Field(examples=["lite"])
    files: int = Field(examples=[20])
    bytes: int = Field(examples=[10_000_000])
    kinds: dict[str, int] = Field(examples=[{"image": 20}])
    todo: dict[str, int] = Field(examples=[{"look": 0}])
    memory: dict[str, Any] = Field(
        examples=[{"used_bytes": 2_000_000_000, "limit_bytes": 6_000_000_000, "hosts": []}]
    )


@router.get("/status", response_model=Status, summary="What there is, and what it takes")
def status(desk: TheDesk) -> Any:
    """Counts, work that waits, and the memory of the models' hosts."""
    found = desk.library.status()
    return Answer({
        "library": str(found.directory), "profile": found.profile, "files": found.counts.files,
        "bytes": found.counts.bytes, "kinds": found.counts.kinds, "todo": found.todo,
        "memory": desk.memory(),
    })  # fmt: skip


class Model(BaseModel):
    """One model, and whether it is here."""

    profile: str = Field(examples=["lite"])
    contract: str = Field(examples=["captioner"])
    id: str = Field(examples=["efficientnet-lite2"])
    licence: str = Field(examples=["Apache-2.0"])
    size_bytes: int = Field(examples=[24_000_000])
    on_disk: bool = Field(examples=[True])
    runs_here: bool = Field(examples=[True])
    pid: int = Field(examples=[0])
    note: str = Field(examples=[""])
    chosen: bool = Field(examples=[True])


class Models(BaseModel):
    """All models of both profiles."""

    models: list[Model]


@router.get("/models", response_model=Models, summary="Models, and which are on disk")
def models(desk: TheDesk) -> Any:
    """What each does, its size, and whether it runs now."""
    return Answer({"models": [asdict(state) for state in describe_models(desk.settings)]})


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text"}},
    summary="Figures for Prometheus",
)
def metrics(desk: TheDesk) -> Any:
    """Files, results, jobs and memory."""
    counts = desk.library.store.counts()
    lines = ["# TYPE mammothbox_files gauge"]
    lines += [f'mammothbox_files{{kind="{kind}"}} {n}' for kind, n in counts.kinds.items()]
    lines.append("# TYPE mammothbox_results gauge")
    for step, outcomes in sorted(counts.steps.items()):
        lines += [
            f'mammothbox_results{{step="{step}",outcome="{outcome}"}} {n}'
            for outcome, n in sorted(outcomes.items())
        ]
    states = [job.state.value for job in desk.jobs()]
    lines.append("# TYPE mammothbox_jobs gauge")
    lines += [
        f'mammothbox_jobs{{state="{state}"}} {states.count(state)}' for state in sorted(set(states))
    ]
    lines += ["# TYPE mammothbox_memory_bytes gauge"]
    lines += [f"mammothbox_memory_bytes {desk.memory()['used_bytes']}"]
    return PlainTextResponse("\n".join(lines) + "\n")
