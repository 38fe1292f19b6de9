"""One bar per stage in a terminal: rate, time left, memory in use, the current file."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from mammothbox.events import Counted, Event, FileDone, Note, Scanned, StageFinished, StageStarted
from mammothbox.interfaces.cli.answer import safe, shown_bytes, shown_path, shown_time
from mammothbox.interfaces.cli.progress import counted_line, file_line

NAME_WIDTH = 36
"""Characters of the current file's name that are shown: its end tells more than its start."""


class _Pace(ProgressColumn):
    """Files a second since the stage began, and the time left at that pace.

    Rich's own columns look at the time between two updates, which says nothing here: files come
    in batches, a batch all at once.
    """

    def render(self, task: Task) -> Text:
        """The pace, once a file is done."""
        elapsed = task.finished_time or task.elapsed
        if not elapsed or not task.completed:
            return Text("")
        rate = task.completed / elapsed
        left = ((task.total or 0) - task.completed) / rate
        text = f"{rate:.2g}/s" + (f", {shown_time(left)} left" if left > 0 else "")
        return Text(text, style="progress.data.speed")


class Bars:
    """A listener that draws; a context manager."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._progress = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Pace(),
            TextColumn("{task.fields[memory]}"),
            TextColumn("{task.fields[file]}", style="dim"),
            console=Console(stderr=True),
        )
        self._bars: dict[str, TaskID] = {}
        self._scan: TaskID | None = None

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _print(self, text: str) -> None:
        self._progress.console.print(escape(text), highlight=False)

    def __call__(self, event: Event) -> None:
        """Draw `event`."""
        match event:
            case Scanned():
                self._scanned(event.files)
            case Counted():
                if self._scan is not None:
                    self._progress.remove_task(self._scan)
                    self._scan = None
                self._print(counted_line(event))
            case StageStarted():
                self._bars[event.stage] = self._progress.add_task(
                    event.stage, total=event.total, memory="", file=""
                )
            case FileDone():
                self._file(event)
            case StageFinished():
                if event.stage in self._bars:
                    self._progress.update(self._bars[event.stage], file=f"{event.seconds:.1f} s")
            case Note():
                self._print(safe(event.text))

    def _scanned(self, files: int) -> None:
        if self._scan is None:
            self._scan = self._progress.add_task("scan", total=None, memory="", file="")
        self._progress.update(self._scan, completed=files)

    def _file(self, event: FileDone) -> None:
        if self._verbose:
            self._print(file_line(event))
        name = shown_path(event.path)
        short = name if len(name) <= NAME_WIDTH else "…" + name[1 - NAME_WIDTH :]
        self._progress.update(
            self._bars[event.stage],
            completed=event.done,
            total=event.total,
            memory=shown_bytes(event.memory_bytes) if event.memory_bytes else "",
            file=escape(short),
        )
