"""Benches run seldom, and parts of them seldomer: what they import must be there all the same."""

from __future__ import annotations

import ast
import importlib
import importlib.util

import pytest

from tests.project.source import ROOT

MODULES = sorted((ROOT / "bench").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_that_a_bench_imports_exists(path) -> None:
    """Those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if node.module.split(".")[0] not in ("bench", "mammothbox"):
            continue
        module = importlib.import_module(node.module)
        for name in (alias.name for alias in node.names):
            part = f"{node.module}.{name}"
            there = hasattr(module, name) or importlib.util.find_spec(part) is not None
            assert there, f"{path.name} imports {part}"
