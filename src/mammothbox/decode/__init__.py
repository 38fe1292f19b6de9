"""Bytes to arrays and text, in child processes with limits: image, sound, video, document.

    FileRef → Decoder (this process) → child → Content (this process)

Only `Decoder` and the gate of OCR are for the rest of the program. Formats are known to the modules
of the child alone (`image`, `video`, `sound`, `document`), so whatever a file's bytes do to a codec
happens in a process that may die. This package knows nothing of models, storage or interfaces.

Example:
    >>> from mammothbox.settings import Settings
    >>> with Decoder(Settings()) as decoder:                           # doctest: +SKIP
    ...     photo = decoder.decode("/p/a.jpg", Kind.IMAGE, "image/jpeg")
"""

from mammothbox.decode.converting import convert_recording
from mammothbox.decode.glance import Glance
from mammothbox.decode.limits import Limits
from mammothbox.decode.pool import Decoder
from mammothbox.decode.text_gate import TEXT_LIKELY, text_likelihood

__all__ = [
    "TEXT_LIKELY",
    "Decoder",
    "Glance",
    "Limits",
    "convert_recording",
    "text_likelihood",
]
