"""What all commands have in common: the options every one takes, and the shape of the help.

`@command(examples=...)` is `click.command` with an Examples section, the exit codes, and the
common options, which may stand before or after the command's name.

Example:
    >>> @command(examples=[("mammothbox status", "what is in the library")])
    ... def status() -> None:
    ...     '''Say what the library holds.'''
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.session import Session

Example = tuple[str, str]
"""A command line, and what it is for."""


def _note(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Write an option that was given into the session."""
    if value and parameter.name:
        setattr(context.ensure_object(Session), parameter.name, value)


@cache
def common_options() -> tuple[click.Option, ...]:
    """The options every command takes; their values go to the `Session`."""

    def option(*names: str, text: str, **how: object) -> click.Option:
        return click.Option(names, help=text, expose_value=False, callback=_note, **how)  # type: ignore[arg-type]

    return (
        option("--library", text="The library to use.", metavar="DIR", type=click.Path()),
        option("--profile", text="Models to use.", type=click.Choice(["lite", "full"])),
        option("--memory", text="Ceiling for all processes, e.g. 4GB.", metavar="SIZE"),
        option("--json", text="Answer in JSON.", is_flag=True),
        option("-q", "--quiet", text="No progress, no remarks.", is_flag=True),
        option("-v", "--verbose", text="Say more; -vv shows tracebacks.", count=True),
    )


class _Common:
    """Mixed into commands and groups: common options and the parts of the help."""

    examples: Sequence[Example] = ()
    codes: Sequence[int] = (exits.OK, exits.USAGE, exits.LIBRARY)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own parameters, then the common ones."""
        own: list[click.Parameter] = super().get_params(ctx)  # type: ignore[misc]
        taken = {name for item in own for name in (*item.opts, *item.secondary_opts)}
        return own + [item for item in common_options() if taken.isdisjoint(item.opts)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options apart from the common ones."""
        common = common_options()
        own = [item for item in self.get_params(ctx) if isinstance(item, click.Option)]
        own = [item for item in own if item not in common]
        for title, items in (("Options", own), ("Options of every command", common)):
            records = [record for item in items if (record := item.get_help_record(ctx))]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples and exit codes."""
        if self.examples:
            with formatter.section("Examples"):
                for line, purpose in self.examples:
                    pad = " " * formatter.current_indent
                    formatter.write(f"{pad}{line}\n{pad}    {purpose}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), exits.MEANING[code]) for code in self.codes])


class BoxCommand(_Common, click.Command):
    """A command with the common options."""


class BoxGroup(_Common, click.Group):
    """A command with commands of its own."""

    command_class = BoxCommand


def command(
    *,
    examples: Sequence[Example],
    codes: Sequence[int] = _Common.codes,
    cls: type[BoxCommand] = BoxCommand,
) -> Callable[[Callable[..., None]], BoxCommand]:
    """Make a function a command; its docstring is the help.

    Args:
        examples: shown in the help, and run by the documentation's readers.
        codes: the exit codes it can end with.
        cls: a special kind of command.
    """

    def decorate(function: Callable[..., None]) -> BoxCommand:
        made = click.command(cls=cls)(function)
        made.examples, made.codes = tuple(examples), tuple(codes)
        return made

    return decorate
