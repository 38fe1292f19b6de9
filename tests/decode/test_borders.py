"""Every exception a library may raise leaves as a leaf of `InputError` with its cause kept."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import AbstractContextManager

import av.error
import kreuzberg
import pypdfium2
import pytest
import rawpy
from PIL import Image, UnidentifiedImageError

from mammothbox.decode import borders
from mammothbox.errors import Corrupt, Encrypted, InputError, TooLarge, Unreadable, Unsupported

Border = Callable[[str], AbstractContextManager[None]]


def _subclasses(root: type[Exception]) -> list[type[Exception]]:
    found = [root]
    for one in root.__subclasses__():
        found += _subclasses(one)
    return found


def _make(kind: type[Exception]) -> Exception:
    if issubclass(kind, av.error.FFmpegError):
        return kind(1, "broken")
    return kind("broken")


CASES: list[tuple[Border, Exception, type[InputError]]] = [
    (borders.pillow_border, Image.DecompressionBombError("x"), TooLarge),
    (borders.pillow_border, Image.DecompressionBombWarning("x"), TooLarge),
    (borders.pillow_border, UnidentifiedImageError("x"), Corrupt),
    (borders.pillow_border, OSError("truncated"), Corrupt),
    (borders.pillow_border, OSError(errno.EIO, "disk"), Unreadable),
    (borders.pillow_border, OSError(errno.EINVAL, "seek"), Corrupt),
    (borders.pillow_border, SyntaxError("broken PNG"), Corrupt),
    (borders.rawpy_border, rawpy.LibRawFileUnsupportedError(b"x"), Unsupported),
    (borders.rawpy_border, rawpy.LibRawTooBigError(b"x"), TooLarge),
    (borders.rawpy_border, rawpy.LibRawDataError(b"x"), Corrupt),
    (borders.av_border, av.error.InvalidDataError(1, "x"), Corrupt),
    (borders.av_border, av.error.DecoderNotFoundError(1, "x"), Unsupported),
    (borders.av_border, av.error.PatchWelcomeError(1, "x"), Unsupported),
    (borders.av_border, av.error.PermissionError(1, "x"), Unsupported),
    (borders.pdfium_border, pypdfium2.PdfiumError("Incorrect password error"), Encrypted),
    (borders.pdfium_border, pypdfium2.PdfiumError("Data format error"), Corrupt),
    (borders.kreuzberg_border, kreuzberg.ValidationError("application/x"), Unsupported),
    (borders.kreuzberg_border, kreuzberg.ParsingError("bad"), Corrupt),
    (borders.kreuzberg_border, kreuzberg.ParsingError("password protected"), Encrypted),
    (borders.kreuzberg_border, kreuzberg.ParsingError("size exceeds limit"), TooLarge),
]


@pytest.mark.parametrize(
    ("border", "foreign", "leaf"), CASES, ids=lambda v: getattr(v, "__name__", type(v).__name__)
)
def test_a_foreign_exception_becomes_the_leaf_of_its_cause(
    border: Border, foreign: Exception, leaf: type[InputError]
) -> None:
    with pytest.raises(InputError, match=r"^a\.jpg: ") as caught, border("a.jpg"):
        raise foreign
    assert type(caught.value) is leaf
    assert caught.value.__cause__ is foreign


@pytest.mark.parametrize(
    ("border", "root"),
    [
        (borders.rawpy_border, rawpy.LibRawError),
        (borders.av_border, av.error.FFmpegError),
        (borders.kreuzberg_border, kreuzberg.KreuzbergError),
        (borders.pdfium_border, pypdfium2.PdfiumError),
    ],
    ids=["rawpy", "av", "kreuzberg", "pdfium"],
)
def test_no_exception_of_a_library_escapes(border: Border, root: type[Exception]) -> None:
    kinds = [kind for kind in _subclasses(root) if not issubclass(kind, MemoryError)]
    assert kinds
    for kind in kinds:
        with pytest.raises(InputError), border("a"):
            raise _make(kind)


@pytest.mark.parametrize(
    "border",
    [
        borders.pillow_border,
        borders.rawpy_border,
        borders.av_border,
        borders.pdfium_border,
        borders.kreuzberg_border,
    ],
)
def test_our_own_verdicts_and_memory_pass(border: Border) -> None:
    with pytest.raises(Encrypted), border("a"):
        raise Encrypted("b")
    with pytest.raises(MemoryError), border("a"):
        raise MemoryError
