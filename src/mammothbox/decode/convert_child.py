"""The child that rewrites one recording for a browser, and ends.

Started by `converting` as ``python -P -m mammothbox.decode.convert_child``; never imported
elsewhere. It confines itself before it opens the file. What goes wrong is one line of JSON.
"""

from __future__ import annotations

import json
import socket
import sys

from mammothbox.decode.confine import allow_cpu, confine
from mammothbox.decode.limits import Limits
from mammothbox.decode.playable import convert
from mammothbox.decode.source import open_source
from mammothbox.errors import DecodeCrash, InputError


def main(arguments: list[str]) -> None:
    """Convert one file.

    Args:
        arguments: lifeline's descriptor, the parent's process id, limits as JSON, media type,
            source and target.
    """
    import av  # noqa: F401 - imported before the limits are taken

    lifeline, parent, limits_json, mime, source, target = arguments
    limits = Limits.from_json(limits_json)
    confine(limits, socket.socket(fileno=int(lifeline)), int(parent), limits.file_bytes)
    allow_cpu(limits)
    try:
        with open_source(source, mime, limits.file_bytes) as opened:
            convert(opened, target, limits)
    except InputError as error:
        print(json.dumps({"error": error.reason, "message": str(error)}))  # noqa: T201
    except Exception as error:  # the border: a fault of a library in this file only
        text = f"the converter failed unexpectedly ({type(error).__name__}: {error})"[:500]
        print(json.dumps({"error": DecodeCrash.__name__, "message": text}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
