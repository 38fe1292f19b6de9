"""Requests made from the API's own description: never a fault, never an answer it does not tell of.

Streams that do not end are left out, and so is what would start work on the whole library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from mammothbox.interfaces.api.app import build

if TYPE_CHECKING:
    from tests.interfaces.api.conftest import Box


LEFT_OUT = re.compile("/events$|/(ingest|uploads|retry)$")


def _operations() -> list[tuple[str, str]]:
    paths = build(None).openapi()["paths"]  # type: ignore[arg-type]
    found = [(path, method) for path, methods in paths.items() for method in methods]
    return [(path, method) for path, method in found if not LEFT_OUT.search(path)]


@pytest.fixture(scope="session")
def described(still: Box) -> Any:
    """The description, and the application behind it."""
    return schemathesis.openapi.from_asgi("/api/openapi.json", build(still.desk))


@pytest.mark.parametrize(("path", "method"), _operations())
def test_every_answer_is_one_that_the_description_tells_of(
    described: Any, path: str, method: str
) -> None:
    @settings(
        max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=described[path][method.upper()].as_strategy())
    def ask(case: Any) -> None:
        case.call_and_validate(
            checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
        )

    ask()
