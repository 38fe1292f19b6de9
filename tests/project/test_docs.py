"""Documentation cannot lie: made parts are current, everything is documented, examples run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from mammothbox.settings import ALIASES, Settings
from tests.project.source import ROOT, tracked

BLOCK = re.compile(r"(<!-- not run: (.+?) -->\n)?```console\n(.*?)```", re.DOTALL)
"""A console block, and the reason before it for not being run."""

EXITS = re.compile(r"# exits with (\d+)")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_parts_made_from_code_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_is_documented() -> None:
    from mammothbox.interfaces.cli.app import COMMANDS

    documented = set(re.findall(r"^## (\w+)$", page("docs/cli.md"), re.MULTILINE))
    assert documented == set(COMMANDS)


def test_every_setting_is_documented() -> None:
    text = page("docs/settings.md")
    for item in fields(Settings):
        variable = ALIASES.get(item.name, f"MAMMOTHBOX_{item.name.upper()}")
        row = re.search(rf"^\| `{item.name}` \| `{variable}` \|.*\| (.+) \|$", text, re.MULTILINE)
        assert row, item.name
        assert len(row[1].split()) >= 3, f"{item.name} needs a meaning"


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{source.relative_to(ROOT)} → {target}"
        for source in tracked()
        if source.suffix == ".md"
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", source.read_text("utf-8"))
        if not (source.parent / target).exists()
    ]
    assert broken == []


def test_request_names_code_and_tests_that_exist() -> None:
    named = re.findall(
        r"`((?:src|tests|bench|training|tools|docs)/[\w./-]+)`", page("docs/request.md")
    )
    assert len(named) >= 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def commands_of(text: str) -> list[tuple[list[str], int]]:
    """The ``$`` lines of blocks that are to be run: words, and the exit code they promise."""
    found = []
    for block in BLOCK.finditer(text):
        if block[2]:
            continue
        for line in re.findall(r"^\$ (.+)$", block[3], re.MULTILINE):
            promised = EXITS.search(line)
            words = shlex.split(line, comments=True)
            found.append((words, int(promised[1]) if promised else 0))
    return found


@pytest.mark.real
@pytest.mark.slow
def test_commands_of_the_readme_do_what_they_say(tmp_path: Path, examples: Path) -> None:
    some = shutil.ignore_patterns("IMG_210[4-9].jpg", "IMG_211*")  # a few will do
    shutil.copytree(examples, tmp_path / "examples", ignore=some)
    commands = commands_of(page("README.md"))
    assert len(commands) >= 5
    for words, promised in commands:
        assert words[0] == "mammothbox", f"mark the block as not run: {words}"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "mammothbox",
                *words[1:],
                "--library",
                str(tmp_path / "library"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == promised, f"{words}: {done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), f"{words} said nothing"
        assert "Traceback" not in done.stderr
