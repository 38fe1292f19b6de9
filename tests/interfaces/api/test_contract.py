"""Requests made from the API's own description: never a fault, never an answer it does not tell of.

Every operation is asked in three ways: with values that fit the description, with names of things
that are really there (files, jobs, plans, folders), and with values that do not fit. Only the
stream that never ends is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mammothbox.interfaces.api.app import build
from tests.interfaces.api.conftest import Box, own_box

ENDLESS = "/api/v1/events"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PROMISED = {
    "POST /ingest", "POST /uploads", "GET /jobs/{job}", "DELETE /jobs/{job}",
    "GET /jobs/{job}/events", "GET /files", "GET /files/{digest}", "GET /files/{digest}/content",
    "GET /files/{digest}/thumbnail", "GET /search", "GET /files/{digest}/similar", "GET /clusters",
    "POST /plans", "GET /plans/{plan}", "PATCH /plans/{plan}", "POST /plans/{plan}/check",
    "POST /plans/{plan}/apply", "POST /runs/{run}/undo", "POST /ask", "GET /models",
    "GET /health", "GET /metrics",
}  # fmt: skip


def _schema() -> dict[str, Any]:
    return dict(build(None).openapi())  # type: ignore[arg-type]


def _operations() -> list[tuple[str, str]]:
    return [
        (path, method)
        for path, methods in _schema()["paths"].items()
        for method in methods
        if path != ENDLESS
    ]


@pytest.fixture(scope="module")
def own(_taken_in: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A library that may be changed, with a finished job, a plan and a run in it."""
    with own_box(_taken_in, tmp_path_factory.mktemp("contract")) as made:
        yield made


@pytest.fixture(scope="module")
def real(own: Box) -> dict[str, Any]:
    """Parameter → something that is there."""
    folder = str(own.folder / "photos")
    plan = {"folder": folder, "by": "kind", "writer": False}
    carried, kept = (own.job("/plans", plan)["result"]["plan"] for _ in range(2))
    job = own.job(f"/plans/{carried}/apply", {})
    digest = own.digest("MOV_0031.mp4")
    return {
        "digest": digest, "digests": [digest, own.digest("IMG_2102.jpg")], "number": 1,
        "job": job["id"], "plan": kept, "run": job["result"]["run"],
        "folder": folder, "paths": [folder], "path": folder,
    }  # fmt: skip


@pytest.fixture(scope="module")
def described(own: Box) -> Any:
    """The description, and the application behind it."""
    return schemathesis.openapi.from_asgi("/api/openapi.json", build(own.desk))


def _try(operation: Any, mode: GenerationMode, real: dict[str, Any] | None = None) -> list[int]:
    """Ask ten times; returns the statuses."""
    names = [one.name for one in operation.path_parameters]
    fixed = {name: real[name] for name in names} if real else None
    seen: list[int] = []

    @settings(
        max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(mode, path_parameters=fixed or None))
    def ask(case: Any) -> None:
        if real and isinstance(case.body, dict):
            case.body.update({name: real[name] for name in case.body.keys() & real.keys()})
        if real and isinstance(case.query, dict):
            case.query.update({name: real[name] for name in case.query.keys() & real.keys()})
        seen.append(case.call_and_validate(checks=CHECKS).status_code)

    ask()
    return seen


@pytest.mark.parametrize(("path", "method"), _operations())
def test_every_answer_is_one_that_the_description_tells_of(
    described: Any, path: str, method: str
) -> None:
    assert _try(described[path][method.upper()], GenerationMode.POSITIVE)


@pytest.mark.parametrize(("path", "method"), _operations())
def test_the_same_for_what_is_really_there(
    described: Any, real: dict[str, Any], path: str, method: str
) -> None:
    assert _try(described[path][method.upper()], GenerationMode.POSITIVE, real)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path, method in _operations()
        if {"parameters", "requestBody"} & _schema()["paths"][path][method].keys()
    ],
)
def test_the_same_for_what_does_not_fit(described: Any, path: str, method: str) -> None:
    assert _try(described[path][method.upper()], GenerationMode.NEGATIVE)


def test_all_that_was_promised_is_there_and_has_examples() -> None:
    schema = _schema()
    found = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    assert found.keys() >= PROMISED
    for name, operation in found.items():
        for part in _json_parts(operation):
            assert _has_example(schema, part), name
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["name"] != "number":
                assert parameter["schema"].get("examples") or parameter.get("examples"), name


def _json_parts(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Schemas of the body and of the successful answers that are JSON."""
    bodies = [operation.get("requestBody", {})]
    good = [answer for status, answer in operation["responses"].items() if status < "300"]
    for part in itertools.chain(bodies, good):
        for mime, content in part.get("content", {}).items():
            if mime == "application/json":
                yield content["schema"]


def _has_example(schema: dict[str, Any], part: dict[str, Any]) -> bool:
    """Whether an example stands at the schema, or at some field of it or of its parts."""
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    inner = [*part.get("properties", {}).values(), part.get("items", {})]
    return bool(part.get("example") or part.get("examples")) or any(
        _has_example(schema, one) for one in inner if one
    )
