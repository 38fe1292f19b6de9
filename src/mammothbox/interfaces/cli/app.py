"""The list of commands. Each lies in a module of its own, imported when it is called.

The short texts stand here so that the list can be shown without importing anything; a test holds
them to the commands' own docstrings.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from mammothbox import __version__
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.command import BoxGroup

COMMANDS: Mapping[str, str] = {
    "ingest": "Describe everything in folders and make it searchable.",
    "search": "Find files by what they show, say or contain.",
    "similar": "Find files like one file.",
    "show": "Show everything known about a file.",
    "ask": "Answer a question about a photo.",
    "tag": "Add tags to a file with +, remove them with -.",
    "status": "Say what the library holds and where it lies on disk.",
    "failed": "List the files that could not be understood, and why.",
    "retry": "Try again what failed.",
    "duplicates": "List files with equal bytes and pictures that look alike.",
    "clusters": "List groups of files that belong together.",
    "plan": "Propose folders for the files below a folder; nothing is moved.",
    "apply": "Carry out a plan; it never overwrites and can be undone.",
    "undo": "Give back the folders as they were before a run.",
    "runs": "List what was applied, undone, accepted and rejected.",
    "accept": "Tell that a plan, or some of its folders, is right.",
    "reject": "Tell that folders of a plan are wrong.",
    "watch": "Ingest folders and go on with every change in them.",
    "worker": "Work for a shared library until it is stopped, on any number of machines.",
    "forget": "Remove a file or folder from the library, not from the disk.",
    "export": "Write everything known as JSON lines, or as XMP sidecars.",
    "serve": "Serve the application, or one model over HTTP until Ctrl-C.",
    "models": "List the models; fetch, remove or choose them.",
    "doctor": "Check that everything needed is there and works.",
    "library": "Copy the library to another place or engine.",
    "purge": "Delete everything MammothBox has written on this machine.",
    "completion": "Print a script that completes commands in a shell.",
}
"""Name → one line, in the order of the help."""


class LazyGroup(BoxGroup):
    """Imports a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command in the module of its name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"mammothbox.interfaces.cli.commands.{cmd_name}")
        found = module.COMMAND
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mammothbox")
def app() -> None:
    """Point it at a folder: photos, video, sound and documents become described and searchable.

    Everything happens on this machine. Only `models pull` ever uses the network.
    """


app.examples = (
    ("mammothbox models pull lite", "fetch the models, once"),
    ("mammothbox ingest ~/Pictures", "describe a folder"),
    ('mammothbox search "dog on a beach"', "find something in it"),
)
app.codes = tuple(exits.MEANING)
