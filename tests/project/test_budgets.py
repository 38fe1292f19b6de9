"""Size and shape of the source: what keeps it readable is counted here, not hoped for."""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

import pytest

from tests.project.source import PACKAGE, ROOT, functions, modules, tree

FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager"}


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_modules_are_short() -> None:
    sizes = {short(path): lines_of(path) for path in modules()}
    assert statistics.median(sizes.values()) <= 120
    over = {name: size for name, size in sizes.items() if size > 300}
    assert len(over) <= 0.05 * len(sizes), over
    assert not {name: size for name, size in over.items() if size > 400}


def test_functions_are_short() -> None:
    sizes = {f"{short(path)}:{name}": size for path in modules() for name, size in functions(path)}
    assert not {name: size for name, size in sizes.items() if size > 60}
    over = {name: size for name, size in sizes.items() if size > 25}
    assert len(over) <= 0.1 * len(sizes), over


def test_every_module_says_what_it_is() -> None:
    assert [short(path) for path in modules() if not ast.get_docstring(tree(path))] == []


def test_no_module_is_named_after_nothing() -> None:
    assert [short(path) for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_public_functions_are_documented() -> None:
    silent = [
        f"{short(path)}:{node.name}"
        for path in modules()
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_exported_names_exist_and_are_sorted_out() -> None:
    """`__all__` names what the module holds, each name once."""
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                exported = list(ast.literal_eval(node.value))
                assert len(exported) == len(set(exported)), short(path)
                held = set(_names(tree(path)))
                assert set(exported) <= held, f"{short(path)}: {set(exported) - held}"


def _names(module: ast.Module) -> list[str]:
    found: list[str] = []
    for node in module.body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            found += [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append(node.target.id)
    return found


def test_only_settings_reads_the_environment() -> None:
    """Interfaces may see what terminals agree on; a child process may get what it needs."""
    readers = [
        short(path)
        for path in modules()
        if path != PACKAGE / "settings.py" and "interfaces" not in path.parts
        if any(_reads_environment(node) for node in ast.walk(tree(path)))
    ]
    assert readers == []


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        if node.args and ast.unparse(node.args[0]) == "'PYTHONPATH'":
            return False
        return ast.unparse(node.func) in ("os.environ.get", "os.getenv", "os.environb.get")
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return ast.unparse(node.value) in ("os.environ", "os.environb")
    return False


HEAVY = ("av", "cv2", "onnxruntime", "scipy", "faster_whisper", "xllamacpp", "starlette", "uvicorn")


def test_the_command_line_starts_without_heavy_libraries() -> None:
    import json
    import subprocess

    if not (PACKAGE / "interfaces" / "cli").is_dir():
        pytest.fail("the command line is missing")
    code = "import json, sys, mammothbox.interfaces.cli; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert sorted(set(HEAVY) & set(json.loads(done.stdout))) == []
