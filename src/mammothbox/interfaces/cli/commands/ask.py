"""`mammothbox ask`: a question about a photo, answered by a second look or from what is known."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli.answer import emit, safe, say
from mammothbox.interfaces.cli.arguments import pass_session, path_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session

LOOK_AGAIN = "a model that looks at the photo itself comes with: mammothbox models pull full"


@command(
    examples=[
        ('mammothbox ask dog.jpg "what colour is the dog?"', "from its caption and labels"),
        ('mammothbox ask dog.jpg "how many dogs?" --profile full', "by looking at it again"),
        ('mammothbox ask ticket.jpg "what does it say?"', "from the text read in it"),
        ('mammothbox ask dog.jpg "when was this taken?" --json', "with the statement behind it"),
    ],
)
@path_argument
@click.argument("question", nargs=-1, required=True)
@pass_session
def ask(session: Session, path: str, question: tuple[str, ...]) -> None:
    """Answer a question about a photo.

    In the full profile BLIP-2 looks at the photo again and answers in a few words; it names what it
    sees and draws no boxes. In lite nobody looks again: the answer comes from its caption, labels,
    the text read in it, and date, camera and place, with the statement it rests on; where nothing
    known answers, that is said. Either way it is a guess.
    """
    asked = " ".join(question)
    with session.open() as library:
        found = library.ask(path, asked)
    if session.json:
        emit(
            {
                "path": path,
                "question": asked,
                "answer": found.text or None,
                "guess": True,
                "source": found.source or None,
                "evidence": found.evidence or None,
                "model": found.model or None,
                "hint": None if found.text else LOOK_AGAIN,
            },
            indent=2,
        )
    elif not found.text:
        say(f"nothing known of this photo answers that; {LOOK_AGAIN}")
    elif found.looked:
        say(f"a guess, from {found.source} by {found.model}: {safe(found.text)}")
    elif found.text == found.evidence:
        say(f"a guess, from its {found.source}: {safe(found.text)}")
    else:
        say(f"a guess, from its {found.source}: {safe(found.text)}")
        say(f"  {found.source}: {safe(found.evidence)}")


COMMAND = ask
