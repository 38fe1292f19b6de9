"""Write the parts of the documentation that are made from code, or check that they are as made.

A part stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` in README.md or docs/*.md.
``--check`` changes nothing, and fails naming the pages that would change.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import click
from click.testing import CliRunner

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.app import app
from mammothbox.interfaces.cli.session import Session
from mammothbox.settings import ALIASES, Settings

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 90


def settings_part() -> str:
    """Every setting: variable, default, meaning as its docstring says."""
    meaning = attributes(Settings.__doc__ or "")
    lines = ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    for item in fields(Settings):
        variable = ALIASES.get(item.name, f"MAMMOTHBOX_{item.name.upper()}")
        default = "" if item.default == Path() else str(item.default)
        text = meaning[item.name].replace("``", "`").replace("|", "\\|")
        lines.append(f"| `{item.name}` | `{variable}` | {default or '–'} | {text} |")
    return "\n".join(lines)


def attributes(docstring: str) -> dict[str, str]:
    """Name → text of a Google-style ``Attributes:`` section; ``a, b: text`` documents both."""
    section = docstring.split("Attributes:", 1)[1]
    found: dict[str, str] = {}
    for entry in re.split(r"\n {8}(?=\S)", section):
        names, _, text = " ".join(entry.split()).partition(": ")
        for name in names.split(", "):
            found[name] = text
    return found


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and sub-command by its words."""

    def below(
        group: click.Group, words: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None:
                yield (*words, name), command
                if isinstance(command, click.Group):
                    yield from below(command, (*words, name))

    yield from below(app, ())


def commands_part() -> str:
    """The help of every command, as the command prints it."""
    runner, parts = CliRunner(), []
    for words, _ in commands():
        done = runner.invoke(
            app, [*words, "--help"], prog_name="mammothbox", terminal_width=WIDTH, obj=Session()
        )
        if done.exit_code:
            raise SystemExit(f"{words}: no help: {done.output}{done.exception!r}")
        text = re.sub(r"\nOptions of every command:\n(?:  .*\n)+", "", done.output)
        parts.append(f"## {' '.join(words)}\n\n```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts)


def exits_part() -> str:
    """Exit codes and what they mean."""
    rows = [f"| {code} | {text} |" for code, text in exits.MEANING.items()]
    return "\n".join(["| exit code | meaning |", "|---|---|", *rows])


def tree_part() -> str:
    """The packages with the first line of what each says of itself."""
    source = ROOT / "src" / "mammothbox"
    rows = []
    for path in sorted(source.iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        if module.is_file() and module.suffix == ".py" and path.name != "__init__.py":
            text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
            name = f"{path.name}/" if path.is_dir() else path.name
            rows.append(f"  {name:<17}{text.splitlines()[0] if text else ''}")
    return "\n".join(["```text", "src/mammothbox/", *rows, "```"])


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings_part,
    "commands": commands_part,
    "exit codes": exits_part,
    "tree": tree_part,
}


def written(text: str) -> str:
    """`text` with every part made anew.

    Raises:
        KeyError: a part has a name that nothing makes.
    """

    def part(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- begin {name} -->\n{PARTS[name]()}\n<!-- end {name} -->"

    return re.sub(r"<!-- begin ([\w ]+) -->\n.*?<!-- end \1 -->", part, text, flags=re.DOTALL)


def main() -> None:
    """Write or check all pages."""
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        before = page.read_text(encoding="utf-8")
        after = written(before)
        if after != before:
            stale.append(str(page.relative_to(ROOT)))
            if "--check" not in sys.argv:
                page.write_text(after, encoding="utf-8")
    if stale and "--check" in sys.argv:
        raise SystemExit(f"out of date, run make docs: {', '.join(stale)}")
    print("docs:", "as the code says" if not stale else f"written: {', '.join(stale)}")


if __name__ == "__main__":
    main()
