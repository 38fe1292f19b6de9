"""The decoding child: reads requests from a socket, decodes one file at a time, answers.

Started by `worker.Worker` as ``python -P -m mammothbox.decode.child``; never imported elsewhere. It
confines itself before the first request. This loop is a stated border: whatever a library raises
unforeseen becomes an answer, and the next file goes on in the same process.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from mammothbox.decode import wire
from mammothbox.decode.confine import allow_cpu, confine
from mammothbox.decode.dispatch import decode_path, preload
from mammothbox.decode.glance import Glance
from mammothbox.decode.limits import Limits
from mammothbox.decode.parcel import pack
from mammothbox.errors import DecodeCrash, InputError
from mammothbox.records import Kind

_REQUESTS = wire.Bounds(header_bytes=1 << 20, side_px=0, pictures=0, samples=0)


def _fill_from(connection: socket.socket) -> wire.Fill:
    def fill(view: memoryview) -> None:
        while view:
            count = connection.recv_into(view)
            if not count:
                os._exit(0)  # the parent is gone
            view = view[count:]

    return fill


def _answer(request: dict[str, Any], limits: Limits, send: Any) -> None:
    def on_duration(seconds: float) -> None:
        send({"event": "duration", "seconds": seconds})

    try:
        wanted = Glance(**request["glance"]) if request.get("glance") else None
        content = decode_path(
            request["path"], Kind(request["kind"]), request["mime"], limits, on_duration, wanted
        )
        header, arrays = pack(content)
        send({"event": "content", **header}, arrays)
    except InputError as error:
        send({"event": "error", "error": error.reason, "message": str(error)})
    except MemoryError:
        text = f"decoding needs more memory than {limits.memory_bytes:,} bytes"
        send({"event": "error", "error": DecodeCrash.__name__, "message": text, "again": True})
    except Exception as error:  # the border: a fault of a library in this file only
        text = f"the decoder failed unexpectedly ({type(error).__name__}: {error})"[:500]
        send({"event": "error", "error": DecodeCrash.__name__, "message": text})


def main(arguments: list[str]) -> None:
    """Serve until the parent closes the connection.

    Args:
        arguments: descriptors of connection and lifeline, the parent's process id, limits as JSON.
    """
    connection = socket.socket(fileno=int(arguments[0]))
    lifeline = socket.socket(fileno=int(arguments[1]))
    limits = Limits.from_json(arguments[3])
    preload()
    confine(limits, lifeline, int(arguments[2]))

    def send(header: dict[str, Any], arrays: Any = ()) -> None:
        for part in wire.encode(header, arrays):
            connection.sendall(part)

    send({"event": "ready"})
    while True:
        request, _ = wire.decode(_fill_from(connection), _REQUESTS)
        allow_cpu(limits)
        send({"event": "started"})
        _answer(request, limits, send)


if __name__ == "__main__":
    main(sys.argv[1:])
