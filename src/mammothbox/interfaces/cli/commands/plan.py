"""`mammothbox plan`: propose folders."""

from __future__ import annotations

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, say, shown_path
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox plan ~/Mess -o plan.yaml", "propose folders, to be read and edited"),
        ("mammothbox plan --check plan.yaml", "what the edited plan would do now"),
        ("mammothbox plan ~/Mess --by date", "years and months instead of subjects"),
        ('mammothbox plan ~/Mess --hint "receipts by year, photos by trip"', "with wishes"),
        ("mammothbox plan ~/Mess --taxonomy mine.yaml", "into folders of your own"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY, exits.MOVE],
)
@click.argument("folder", type=PATH, required=False)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Folders above a file, at most.",
)
@click.option(
    "--max-folders",
    type=click.IntRange(min=1),
    default=40,
    show_default=True,
    help="Folders with files, at most.",
)
@click.option(
    "--by",
    type=click.Choice(["topic", "date", "kind", "mixed"]),
    default="topic",
    show_default=True,
    help="What the folders stand for.",
)
@click.option("--hint", default="", help='Wishes, such as "receipts by year, photos by trip".')
@click.option("--keep", multiple=True, metavar="PATTERN", help='Leave alone, e.g. "Work/**".')
@click.option("--rename", is_flag=True, help="Propose file names from titles too.")
@click.option("--taxonomy", type=PATH, help="A YAML file with the folders to use.")
@click.option("--no-writer", is_flag=True, help="Name folders by statistics alone: faster.")
@click.option("-o", "--output", type=PATH, help="Write the plan there, to edit and apply.")
@click.option("--check", type=PATH, help="Say what this plan would do now.")
@pass_session
def plan(
    session: Session,
    folder: str | None,
    depth: int,
    max_folders: int,
    by: str,
    hint: str,
    keep: tuple[str, ...],
    rename: bool,
    taxonomy: str | None,
    no_writer: bool,
    output: str | None,
    check: str | None,
) -> None:  # fmt: skip
    """Propose folders for the files below a folder; nothing is moved.

    Shows the tree with the number of files, how sure it is, and why. Folders that already make
    sense are kept and filled. With -o the plan is a file that you can edit, check and apply.
    """
    from mammothbox.interfaces.cli import planned
    from mammothbox.organise.options import PlanOptions
    from mammothbox.organise.taxonomy import folders_of

    if check:
        made = planned.read_plan(check)
        with session.open() as library:
            planned.tell_report(session, library.check_plan(made), "would move")
        return
    if not folder:
        raise UsageError("which folder? mammothbox plan FOLDER; or --check PLAN")
    own: tuple[str, ...] = ()
    if taxonomy:
        try:
            with open(taxonomy, encoding="utf-8") as file:
                own = folders_of(file.read())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{taxonomy} cannot be read: {error}") from error
    options = PlanOptions(by, depth, max_folders, hint, keep, rename, own, not no_writer)
    with session.open(write=True) as library:
        made = library.plan(folder, options)
    if output:
        planned.write_plan(output, made)
    if session.json:
        emit(planned.plan_json(made))
        return
    say(planned.plan_text(made))
    if output:
        name = shown_path(output)
        say(f"read and edit {name}, then: mammothbox apply {name}")


COMMAND = plan
