"""What holds for every command: help with examples, exit codes, one line for each error."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from mammothbox.errors import MammothboxError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.app import COMMANDS, app
from mammothbox.interfaces.cli.border import run
from mammothbox.interfaces.cli.command import BoxCommand, BoxGroup


def _below(
    group: click.Group, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None, name
        yield (*words, name), found
        if isinstance(found, click.Group):
            yield from _below(found, (*words, name))


EVERY = [pytest.param(words, found, id=" ".join(words)) for words, found in _below(app, ())]


@pytest.mark.parametrize(("words", "found"), EVERY)
def test_help_shows_examples_and_exit_codes(words: tuple[str, ...], found: click.Command) -> None:
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="mammothbox")
    assert done.exit_code == 0, done.output
    assert "Examples:" in done.output
    assert "Exit codes:" in done.output
    assert "--json" in done.output
    assert f"mammothbox {' '.join(words)}" in done.output.split("Examples:")[1]


@pytest.mark.parametrize(("words", "found"), EVERY)
def test_examples_are_lines_the_command_takes(words: tuple[str, ...], found: click.Command) -> None:
    assert isinstance(found, BoxCommand | BoxGroup)
    for line, _ in found.examples:
        inner = line.removeprefix('eval "$(').removesuffix(')"').split(" > ")[0].split(" | ")[0]
        name, *arguments = shlex.split(inner)
        assert name == "mammothbox"
        assert tuple(arguments[: len(words)]) == words
        context = found.make_context(" ".join(words), arguments[len(words) :], obj=None)
        assert context.command is found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    found = import_module(f"mammothbox.interfaces.cli.commands.{name}").COMMAND
    assert COMMANDS[name] == (found.help or "").splitlines()[0]


def _leaves(branch: type[MammothboxError]) -> Iterator[type[MammothboxError]]:
    yield branch
    for leaf in branch.__subclasses__():
        yield from _leaves(leaf)


def test_every_error_has_an_exit_code_that_is_explained() -> None:
    assert {leaf.exit_code for leaf in _leaves(MammothboxError)} <= exits.MEANING.keys()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nonsense", 2),
        ("search", 2),
        ("search dog --limit 0", 2),
        ("search dog --kind picture", 2),
        ("--memory lots status", 2),
        ("tag x nonsense", 2),
        ("export --to somewhere", 2),
        ("models remove nonsense", 2),
        ("models pull huge", 2),
        ("show nowhere.jpg", 2),
    ],
)
def test_a_wrong_request_is_told_in_one_line(
    line: str, code: int, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("MAMMOTHBOX_LIBRARY", str(tmp_path / "none"))
    assert run(line.split()) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert len(told.err.splitlines()) <= 2


def test_with_json_an_error_is_an_object(capsys) -> None:
    assert run(["search", "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert set(json.loads(told.err)) == {"error", "message"}


def test_a_bug_is_called_one_and_shows_its_traceback_only_on_demand(capsys, monkeypatch) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("mammothbox.config_file.write_value", broken)
    assert run(["models", "use", "lite"]) == exits.BUG
    assert "Traceback" not in capsys.readouterr().err
    assert run(["models", "use", "lite", "-vv"]) == exits.BUG
    assert "Traceback" in capsys.readouterr().err


def test_common_options_stand_before_or_after_the_name(capsys) -> None:
    assert run(["--json", "models", "where"]) == 0
    before = capsys.readouterr().out
    assert run(["models", "where", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(before)
