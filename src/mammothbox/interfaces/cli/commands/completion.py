"""`mammothbox completion`: the shell's own completion of commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.command import command


@command(
    examples=[
        ('eval "$(mammothbox completion bash)"', "in ~/.bashrc"),
        ('eval "$(mammothbox completion zsh)"', "in ~/.zshrc, after compinit"),
        ("mammothbox completion fish | source", "in ~/.config/fish/config.fish"),
    ],
    codes=[exits.OK, exits.USAGE],
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands in a shell."""
    maker = get_completion_class(shell)
    assert maker is not None
    root = context.find_root()
    script = maker(root.command, {}, "mammothbox", "_MAMMOTHBOX_COMPLETE").source_vars()
    click.echo(maker.source_template % script)


COMMAND = completion
