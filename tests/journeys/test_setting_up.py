"""Before the first run: models, doctor, completion, and what is said when weights are missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def _json(text: str) -> Any:
    return json.loads(text)


@pytest.fixture
def poor(bare, tmp_path: Path):
    """The command of somebody without weights."""
    return bare(
        MAMMOTHBOX_CACHE=str(tmp_path / "cache"), MAMMOTHBOX_CONFIG=str(tmp_path / "config.toml")
    )


def test_ingest_without_weights_says_the_exact_command_and_fetches_nothing(poor, tmp_path) -> None:
    (poor.cwd / "page.txt").write_text("A page.")
    told = poor("ingest", ".", code=4).stderr
    assert told.startswith("error: ")
    assert "mammothbox models pull lite" in told
    assert _json(poor("ingest", ".", "--json", code=4).stderr)["error"] == "WeightsMissing"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_models_shows_both_profiles_and_use_changes_the_default(poor) -> None:
    rows = _json(poor("models", "--json").stdout)
    assert {row["profile"] for row in rows} == {"lite", "full"}
    assert {"contract", "id", "licence", "size_bytes", "on_disk", "pid"} <= rows[0].keys()
    assert "lite (in use)" in poor("models").stdout
    poor("models", "use", "full")
    assert "full (in use)" in poor("models").stdout
    assert "lite (in use)" in poor("models", "--profile", "lite").stdout


def test_one_model_is_chosen_by_its_name(poor, tmp_path) -> None:
    told = poor("models").stdout
    assert any("a choice" in line and "whisper-small" in line for line in told.splitlines())
    poor("models", "use", "whisper-small")
    poor("models", "use", "qwen2.5-coder-1.5b-instruct-q4_k_m")
    where = _json(poor("models", "where", "--json").stdout)
    assert {"whisper-small", "qwen2.5-coder-1.5b-instruct-q4_k_m"} <= where.keys()
    assert "whisper-base" not in where
    (tmp_path / "stick").mkdir()
    refused = poor("models", "pull", "lite", "--from", str(tmp_path / "stick"), code=4).stderr
    assert "whisper-small" in poor("doctor", code=4).stdout, refused
    assert "whisper-large-v3-turbo" in poor("models", "use", "minilm", code=2).stderr


def test_models_where_and_remove(poor, tmp_path) -> None:
    place = Path(_json(poor("models", "where", "--json").stdout)["minilm"])
    assert tmp_path in place.parents
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(b"x" * 1000)
    assert _json(poor("models", "remove", "minilm", "--json").stdout)["freed_bytes"] == 1000
    assert not place.exists()


def test_pull_from_a_folder_says_the_cost_and_refuses_what_is_not_there(poor, tmp_path) -> None:
    (tmp_path / "stick").mkdir()
    done = poor("models", "pull", "lite", "--from", str(tmp_path / "stick"), code=4)
    first = done.stderr.splitlines()[0]
    assert first.startswith("lite: ")
    assert "of disk" in first
    assert "error: " in done.stderr


@pytest.mark.real
def test_pull_again_finds_everything_there(weights, bare) -> None:
    assert bare()("models", "pull", "lite").stdout == "lite was on disk already\n"


def test_doctor_names_what_is_missing(poor) -> None:
    checks = {check["name"]: check for check in _json(poor("doctor", "--json", code=4).stdout)}
    assert checks["python"]["ok"]
    assert checks["library"]["ok"]
    assert not checks["weights"]["ok"]
    assert "mammothbox models pull lite" in checks["weights"]["hint"]
    assert "FAIL weights" in poor("doctor", code=4).stdout
    # and says of each model, fetched or not, whether it could run
    assert checks["runs writer"]["ok"]
    assert "on the processor" in checks["runs writer"]["detail"]
    small = _json(poor("doctor", "--profile", "full", "--memory", "3GB", "--json", code=4).stdout)
    unfit = {check["name"] for check in small if not check["ok"]}
    assert unfit == {"weights", "runs captioner", "runs writer"}
    assert all(check["hint"] for check in small if not check["ok"])


@pytest.mark.real
def test_doctor_is_content_where_all_is_there(weights, bare) -> None:
    assert "FAIL" not in bare()("doctor").stdout


SCRIPTS = {
    "bash": ["bash", "-c", 'eval "$1" && complete -p mammothbox', "bash"],
    "zsh": ["zsh", "-fc", 'autoload -U compinit && compinit -D; eval "$1"', "zsh"],
    "fish": ["fish", "--no-config", "-c", "echo $argv[1] | source; and complete -c mammothbox"],
}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_completion_is_a_script_the_shell_takes(shell: str, bare) -> None:
    script = bare()("completion", shell).stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    done = subprocess.run([*SCRIPTS[shell], script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_completion_completes_commands_and_options(bare) -> None:
    asked = {"_MAMMOTHBOX_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    told = bare()(COMP_WORDS="mammothbox sea", **asked).stdout
    assert told == "plain,search\n"
    asked["COMP_CWORD"] = "3"
    told = bare()(COMP_WORDS="mammothbox search --kind d", **asked).stdout
    assert "plain,document" in told


def test_the_version_and_a_bare_call_work_without_heavy_imports(bare) -> None:
    assert bare()("--version").stdout.startswith("mammothbox, version ")
    done = subprocess.run(
        [*_python(), "-c", "import sys, mammothbox.interfaces.cli.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **bare().environment},
    )
    heavy = {"numpy", "sqlalchemy", "rich", "httpx", "starlette", "uvicorn", "onnxruntime", "av"}
    assert heavy.isdisjoint(done.stdout.split())


def _python() -> list[str]:
    import sys

    return [sys.executable]
