"""The published weights and the graphs built from them, once a session."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mammothbox.models.graphs import efficientnet_lite2, minilm


def _source(variable: str, pattern: str) -> Path:
    """A published weights file: from the given directory, else anywhere in the user's cache."""
    from mammothbox.settings import load_settings

    roots = [Path(os.environ[variable])] if variable in os.environ else [load_settings().cache]
    for root in roots:
        found = sorted(root.rglob(pattern)) if root.is_dir() else []
        if found:
            return found[0]
    reason = f"no {pattern} under {roots[0]}; run: mammothbox models pull"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def reference(absent: Callable[[str], NoReturn]) -> Any:
    """The reference implementation of the published networks: transformers on torch."""
    try:
        importlib.import_module("torch")
        return importlib.import_module("transformers")
    except ImportError as error:
        absent(f"{error}: pip install mammothbox[reference]")


@pytest.fixture(scope="session")
def minilm_source() -> Path:
    """Directory of MiniLM as published (safetensors and tokenizer)."""
    return _source("MAMMOTHBOX_TEST_WEIGHTS", "model.safetensors").parent


@pytest.fixture(scope="session")
def eyes_pth() -> Path:
    """EfficientNet-Lite2 as published."""
    return _source("MAMMOTHBOX_TEST_WEIGHTS", "efficientnet-lite2*.pth")


@pytest.fixture(scope="session")
def minilm_dir(minilm_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory that `TextEngine` opens."""
    return minilm.build(minilm_source, tmp_path_factory.mktemp("minilm") / minilm.GRAPH).parent


@pytest.fixture(scope="session")
def eyes_graph(eyes_pth: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backbone's graph."""
    return efficientnet_lite2.build(eyes_pth, tmp_path_factory.mktemp("eyes") / "eyes.onnx")
