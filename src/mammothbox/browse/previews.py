"""Pictures of files and playable forms of recordings, made once and kept in the library's folder.

Files are only opened by decoding children; what is written here is encoded from their arrays.
Everything is named by the content's digest, so a file that moves keeps its pictures.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammothbox.arrays import Pixels
from mammothbox.browse import drawing
from mammothbox.decode import Decoder, Glance, Limits, convert_recording
from mammothbox.errors import Corrupt, Encrypted, InputError, TooLarge, Unsupported
from mammothbox.records import (
    AudioContent,
    Content,
    FileRef,
    ImageContent,
    Kind,
    VideoContent,
)
from mammothbox.scan import kind_of
from mammothbox.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "previews"
"""Name of the folder in the library's directory."""

THUMBNAIL_PX = 512
VIEW_PX = 2048
PAGE_PX = 1600

SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
"""Pictures that every browser shows as they are."""

PLAYED = frozenset(
    {"audio/mpeg", "audio/wav", "audio/x-wav", "audio/mp4", "audio/aac", "audio/ogg"}
    | {"video/mp4", "video/webm"}
)
"""Recordings that every browser plays as they are, if their codecs are the usual ones."""


class Previews:
    """The previews of one library. For several threads.

    Args:
        settings: where the library lies, and the limits of decoding.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.library / FOLDER
        self._limits = Limits.of(settings)
        self._settings = replace(
            settings,
            decoders=min(settings.decoders or 2, 2),
            image_side_px=max(VIEW_PX, settings.image_side_px),
        )
        self._decoder: Decoder | None = None
        self._lock = threading.Lock()
        self._busy = [threading.Lock() for _ in range(64)]
        self._refused: dict[Path, InputError] = {}

    def close(self) -> None:
        """End the decoding children."""
        with self._lock:
            if self._decoder:
                self._decoder.close()
                self._decoder = None

    def thumbnail(self, ref: FileRef) -> Path:
        """A WebP of at most `THUMBNAIL_PX`: the picture, a frame, a wave or the first page.

        Raises:
            InputError: there is nothing to see in it.
        """
        return self._made(ref, "thumb.webp", lambda path: self._thumbnail(ref, path))

    def strip(self, ref: FileRef) -> Path:
        """A WebP of `drawing.TILES` frames of a video beside each other.

        Raises:
            InputError: it is no video, or nothing of it decodes.
        """
        if ref.kind is not Kind.VIDEO:
            raise Unsupported(f"{ref.name} is no video")
        return self._made(ref, "strip.webp", lambda path: self._thumbnail(ref, path, strip=True))

    def page(self, ref: FileRef, number: int) -> Path:
        """A WebP of one page of a document, from 1.

        Raises:
            InputError: it is no document, or has no such page.
        """
        if ref.kind is not Kind.DOCUMENT:
            raise Unsupported(f"{ref.name} has no pages")
        glance = Glance(PAGE_PX, number)
        return self._made(ref, f"page{number}.webp", lambda path: self._page(ref, glance, path))

    def view(self, ref: FileRef) -> Path:
        """What a browser can show or play in the file's stead; the file itself where it can.

        Raises:
            InputError: there is no such form.
        """
        if ref.mime in SHOWN or ref.mime in PLAYED:
            return Path(ref.path)
        if ref.kind is Kind.IMAGE:
            return self._made(ref, "view.webp", lambda path: self._page(ref, Glance(VIEW_PX), path))
        return self.converted(ref)

    def converted(self, ref: FileRef, duration_s: float = 0.0) -> Path:
        """A recording as MP4 with H.264 and AAC.

        Raises:
            InputError: it is no recording, or does not decode.
        """
        if ref.kind not in (Kind.AUDIO, Kind.VIDEO):
            raise Unsupported(f"{ref.name} is nothing to be played")
        ending = "play.mp4" if ref.kind is Kind.VIDEO else "play.m4a"

        def make(path: Path) -> None:
            convert_recording(ref.path, ref.mime, str(path), self._limits, duration_s)

        return self._made(ref, ending, make)

    def pixels(self, path: str) -> Pixels:
        """The picture in a file that need not be in the library, at most `THUMBNAIL_PX`.

        Raises:
            InputError: there is none.
        """
        kind, mime = kind_of(path)
        name = os.path.basename(path)  # noqa: PTH119
        if kind is not Kind.IMAGE:
            raise Unsupported(f"{name} is no picture")
        content = self._decoding().glance(path, kind, mime, Glance(THUMBNAIL_PX))
        assert isinstance(content, ImageContent)
        return content.pixels

    def _made(self, ref: FileRef, what: str, make: Callable[[Path], None]) -> Path:
        path = self._path(ref, what)
        if path.is_file():
            return path
        with self._busy[hash(ref.digest) % len(self._busy)]:
            if path in self._refused:
                raise self._refused[path]
            if not path.is_file():
                try:
                    _whole(path, make)
                except (Corrupt, Encrypted, TooLarge, Unsupported) as error:
                    self._refused[path] = error  # not what a busy machine was too slow for
                    raise
        return path

    def _path(self, ref: FileRef, what: str) -> Path:
        return self._folder / ref.digest[:2] / f"{ref.digest}-{what}"

    def _decoding(self) -> Decoder:
        with self._lock:
            self._decoder = self._decoder or Decoder(self._settings)
            return self._decoder

    def _glance(self, ref: FileRef, glance: Glance) -> Content:
        return self._decoding().glance(ref.path, ref.kind, ref.mime, glance)

    def _thumbnail(self, ref: FileRef, path: Path, *, strip: bool = False) -> None:
        """Both pictures of a video come from one look at it, whichever was asked for."""
        content = self._glance(ref, Glance(THUMBNAIL_PX))
        if isinstance(content, ImageContent):
            drawing.picture(content.pixels).save(path, "WEBP", quality=78)
        elif isinstance(content, AudioContent) and content.samples is not None:
            drawing.wave(content.samples).save(path, "WEBP", quality=80)
        elif isinstance(content, VideoContent):
            pictures = [drawing.cover(content.frames), drawing.strip(content.frames)]
            names = ["thumb.webp", "strip.webp"]
            _save(pictures[strip], path)
            _whole(self._path(ref, names[not strip]), lambda p: _save(pictures[not strip], p))
        else:
            raise Unsupported(f"{ref.name}: there is nothing to see in it")

    def _page(self, ref: FileRef, glance: Glance, path: Path) -> None:
        content = self._glance(ref, glance)
        if not isinstance(content, ImageContent):
            raise Unsupported(f"{ref.name}: there is nothing to see in it")
        _save(drawing.picture(content.pixels), path)


def _save(image: Image, path: Path) -> None:
    image.save(path, "WEBP", quality=82)


def _whole(path: Path, make: Callable[[Path], None]) -> None:
    """The file appears under its name only when it is complete."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=path.suffix, prefix=".new-", dir=path.parent)
    os.close(handle)
    try:
        make(Path(name))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
