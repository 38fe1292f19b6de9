"""Where foreign exceptions become ours: one border per library, and nowhere else.

Each border is a context manager around calls into one library; inside it any exception of that
library leaves as an `InputError` leaf whose message names the cause in plain words, with the
original as its cause. MemoryError passes: the child's loop answers for it.
"""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from mammothbox.errors import Corrupt, Encrypted, InputError, TooLarge, Unreadable, Unsupported

_VALUES = (ArithmeticError, EOFError, LookupError, RuntimeError, ValueError)
"""What bindings to C and Rust raise on bytes they did not expect."""

_PARSING = (
    *_VALUES,
    AssertionError,
    AttributeError,
    SyntaxError,
    TypeError,
    struct.error,
    zlib.error,
)
"""What parsers written in Python raise; only Pillow's are. Elsewhere these are our own faults."""


def _plain(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text or type(error).__name__


_DISK = (errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT)
"""The disk or the network share failed; every other OSError comes from a parser."""


@contextmanager
def pillow_border(name: str) -> Iterator[None]:
    """Pillow and its plug-ins, pillow-heif among them."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except (InputError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(f"{name}: the picture has too many pixels") from error
    except UnidentifiedImageError as error:
        raise Corrupt(f"{name}: no picture is recognised in these bytes") from error
    except OSError as error:
        if error.errno in _DISK:
            raise Unreadable(f"{name}: reading fails ({error.strerror})") from error
        raise Corrupt(f"{name}: the picture is damaged ({_plain(error)})") from error
    except _PARSING as error:
        raise Corrupt(f"{name}: the picture is damaged ({_plain(error)})") from error


@contextmanager
def rawpy_border(name: str) -> Iterator[None]:
    """LibRaw through rawpy."""
    import rawpy

    try:
        yield
    except (InputError, MemoryError):
        raise
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError) as error:
        raise Unsupported(f"{name}: this camera's raw format is unknown") from error
    except rawpy.LibRawTooBigError as error:
        raise TooLarge(f"{name}: the raw picture is too large") from error
    except (rawpy.LibRawError, OSError, *_VALUES) as error:
        raise Corrupt(f"{name}: the raw picture is damaged ({_plain(error)})") from error


@contextmanager
def av_border(name: str) -> Iterator[None]:
    """FFmpeg through PyAV."""
    import av.error

    try:
        yield
    except InputError:
        raise
    except av.error.MemoryError as error:
        raise MemoryError(str(error)) from error
    except MemoryError:
        raise
    except (av.error.DecoderNotFoundError, av.error.PatchWelcomeError) as error:
        raise Unsupported(f"{name}: no decoder for this codec ({_plain(error)})") from error
    except av.error.PermissionError as error:
        raise Unsupported(f"{name}: the file points to other files or the network") from error
    except (av.error.FFmpegError, OSError, *_VALUES) as error:
        raise Corrupt(f"{name}: the recording is damaged ({_plain(error)})") from error


@contextmanager
def pdfium_border(name: str) -> Iterator[None]:
    """PDFium through pypdfium2."""
    import pypdfium2

    try:
        yield
    except (InputError, MemoryError):
        raise
    except pypdfium2.PdfiumError as error:
        text = _plain(error)
        if "password" in text.lower():
            raise Encrypted(f"{name}: the PDF needs a password") from error
        if "security" in text.lower():
            raise Encrypted(f"{name}: the PDF's protection is of an unknown kind") from error
        raise Corrupt(f"{name}: the PDF is damaged ({text})") from error
    except (OSError, *_VALUES) as error:
        raise Corrupt(f"{name}: the PDF is damaged ({_plain(error)})") from error


@contextmanager
def kreuzberg_border(name: str) -> Iterator[None]:
    """Office, e-book and mail formats through kreuzberg."""
    import kreuzberg

    try:
        yield
    except (InputError, MemoryError):
        raise
    except kreuzberg.ValidationError as error:
        raise Unsupported(f"{name}: no reader for this format ({_plain(error)})") from error
    except (kreuzberg.KreuzbergError, OSError, *_VALUES) as error:
        text = _plain(error)
        lower = text.lower()
        if "password" in lower or "encrypt" in lower:
            raise Encrypted(f"{name}: the document needs a password") from error
        if "unsupported" in lower and "zip" not in lower:
            raise Unsupported(f"{name}: no reader for this format ({text})") from error
        if any(word in lower for word in ("too large", "exceeds", "too many", "limit", "bomb")):
            raise TooLarge(f"{name}: the document unfolds beyond all limits ({text})") from error
        raise Corrupt(f"{name}: the document is damaged ({text})") from error
