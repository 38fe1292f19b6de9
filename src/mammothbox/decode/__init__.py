"""Bytes to arrays and text, in child processes with limits: image, sound, video, document.

    FileRef → Decoder (this process) → child → Content (this process)

Only `Decoder` is for the rest of the program. Formats are known to the child's modules alone
(`image`, `video`, `sound`, `document`), so whatever a file's bytes do to a codec happens in a
process that may die. This package knows nothing of models, storage or interfaces.

Example:
    >>> from mammothbox.settings import Settings
    >>> with Decoder(Settings()) as decoder:                           # doctest: +SKIP
    ...     photo = decoder.decode("/p/a.jpg", Kind.IMAGE, "image/jpeg")
"""

from mammothbox.decode.pool import Decoder

__all__ = ["Decoder"]
