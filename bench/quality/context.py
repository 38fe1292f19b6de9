"""What every part of the quality bench needs: media, models, a decoder, libraries of its own.

Models and decoder are the product's own, opened on first use and closed together. A part that needs
finished results asks for `library`, which ingests copies of given files into a library that is
thrown away afterwards.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.media import Item, load_index
from mammothbox.arrays import Pixels, Samples
from mammothbox.records import AudioContent, Content, ImageContent, VideoContent
from mammothbox.settings import Settings

if TYPE_CHECKING:
    from mammothbox.decode import Decoder
    from mammothbox.library import Library
    from mammothbox.models import Models

PHOTOS_PER_CALL = 32
"""Photos a model gets in one call, as in the product's own batches."""


@dataclass
class Context:
    """One run of the bench.

    Attributes:
        media: directory laid out like the test media.
        split: of Flickr8k, ``val`` or ``test``.
        settings: of the product; its `library` is not touched.
        limit: at most so many files a part, for quick looks; None for all.
        lacks: what the media directory does not have, filled by the parts.
    """

    media: Path
    split: str
    settings: Settings
    limit: int | None = None
    lacks: list[str] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def index(self) -> list[Item]:
        """The lines of ``index.csv``."""
        return load_index(self.media)

    @cached_property
    def models(self) -> Models:
        """The product's models; their hosts start when first asked."""
        from mammothbox.models import open_models

        models = open_models(self.settings)
        self._open.callback(models.close)
        return models

    @cached_property
    def decoder(self) -> Decoder:
        """The product's decoding children."""
        from mammothbox.decode import Decoder

        return self._open.enter_context(Decoder(self.settings))

    @cached_property
    def scratch(self) -> Path:
        """A directory that vanishes with the run."""
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="mammothbench-")))

    def few(self, things: Sequence[Any]) -> list[Any]:
        """The first `limit` of `things`, or all."""
        return list(things[: self.limit])

    def say(self, text: str) -> None:
        """Progress, on standard error, so that standard output stays one JSON object."""
        print(text, file=sys.stderr, flush=True)

    def contents(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Content]]:
        """Decoded files in order; one that does not decode is said and left out."""
        from mammothbox.scan import kind_of

        wanted = list(paths)
        asked = ((str(path), *kind_of(str(path))) for path in wanted)
        for path, content in zip(wanted, self.decoder.map(asked), strict=True):
            if isinstance(content, Exception):
                self.say(f"  not decoded: {path.name}: {content}")
            else:
                yield path, content

    def photos(self, paths: Sequence[Path]) -> Iterator[tuple[list[Path], list[Pixels]]]:
        """Photos in batches of `PHOTOS_PER_CALL`."""
        names: list[Path] = []
        batch: list[Pixels] = []
        for path, content in self.contents(paths):
            if not isinstance(content, ImageContent):
                self.say(f"  no photo: {path.name}")
                continue
            names.append(path)
            batch.append(content.pixels)
            if len(batch) == PHOTOS_PER_CALL:
                yield names, batch
                names, batch = [], []
        if batch:
            yield names, batch

    def sounds(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Samples]]:
        """Sound tracks of recordings and videos; files without one are left out."""
        for path, content in self.contents(paths):
            if isinstance(content, AudioContent | VideoContent) and content.samples is not None:
                yield path, content.samples
            else:
                self.say(f"  no sound: {path.name}")

    def library(self, name: str, files: Sequence[Path], describe: str = "none") -> Library:
        """A library of copies of `files`, ingested; a copy's name starts with its number.

        Args:
            name: of its directory.
            files: what to copy, see `copied`.
            describe: as in ``ingest --describe``.
        """
        from mammothbox.library import Library

        folder = self.scratch / name / "files"
        for number, path in enumerate(files):
            target = self.copied(name, number, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        place = self.scratch / name / "library"
        settings = replace(self.settings, library=place, describe=describe)
        library = self._open.enter_context(Library.open(settings, write=True))
        library.ingest([str(folder)])
        return library

    def copied(self, name: str, number: int, path: Path) -> Path:
        """Where `library` puts the copy of file `number`: names are no hint about the content."""
        return self.scratch / name / "files" / f"{number:04}{path.suffix.lower()}"
