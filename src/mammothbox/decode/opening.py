"""Open a container of sound or video, in one way everywhere.

Place in the flow: `recording`, `glance` and `playable` read what this opens. Formats that point to
other files or to the network are refused; tags that are not UTF-8 are read as far as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from mammothbox.decode.borders import av_border
from mammothbox.decode.source import Source

if TYPE_CHECKING:
    from av.container import InputContainer


@contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """The container in `source`, while the block runs; errors of FFmpeg inside it become ours.

    Raises:
        Corrupt: it does not open.
        Unsupported: no decoder for its codec, or it points elsewhere.
    """
    import av
    import av.logging

    av.logging.set_level(None)
    source.file.seek(0)
    with (
        av_border(source.name),
        av.open(source.file, io_open=_refuse, **_tolerance()) as container,
    ):
        yield container


@cache
def _tolerance() -> dict[str, Any]:
    """PyAV 19 gives what is not UTF-8 as surrogates unasked, and takes no such wish any more."""
    import av

    wish = {"metadata_errors": "replace"}
    return wish if int(av.__version__.partition(".")[0]) < 19 else {}


def _refuse(url: str, flags: int, options: dict[str, Any]) -> Any:
    raise PermissionError(url)
