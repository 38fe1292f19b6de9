"""Sound and video in forms that no browser plays, rewritten as MP4 with H.264 and AAC.

Streams that browsers understand are copied, only the others are encoded anew. Runs in a child of
its own (`convert_child`), since the input is as foreign here as anywhere. Knows nothing of caches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mammothbox.decode.limits import Limits
from mammothbox.decode.opening import opened
from mammothbox.decode.source import Source
from mammothbox.errors import Corrupt, TooLarge

if TYPE_CHECKING:
    import av
    from av.container import InputContainer, OutputContainer

SIDE_PX = 1280
"""Longer side of a video that is encoded anew."""

_COPIED = {"h264", "aac", "mp3"}


class _Track:
    """One stream on its way into the output."""

    def __init__(self, stream: Any, output: OutputContainer) -> None:
        self.source = stream
        self._output = output
        self._size: tuple[int, int] | None = None
        self._undated: list[av.Packet] = []
        self._last: int | None = None
        picture = stream.type == "video"
        deep = picture and stream.codec_context.pix_fmt not in ("yuv420p", "yuvj420p")
        self.copied = stream.codec_context.name in _COPIED and not deep
        if self.copied:
            self._out: Any = output.add_stream_from_template(stream)
        elif picture:
            self._size = _even(stream.width, stream.height)
            self._out = output.add_stream("libx264", rate=stream.average_rate or 25)
            self._out.width, self._out.height = self._size
            self._out.pix_fmt = "yuv420p"
            self._out.options = {"preset": "veryfast", "crf": "24"}
        else:
            self._out = output.add_stream("aac", rate=44_100, layout="stereo")

    def feed(self, packet: av.Packet) -> None:
        """Copy or encode one packet; an empty one flushes."""
        if not self.copied:
            for frame in packet.decode():
                self._encode(frame)
        elif packet.size:
            self._undated.append(packet)
            if packet.dts is not None:
                self._pass_on()

    def finish(self) -> None:
        """What the encoder, or the copy, still holds."""
        if self.copied:
            self._pass_on()
        else:
            self._output.mux(self._out.encode(None))

    def _pass_on(self) -> None:
        """Copy the packets that wait, each with a time to decode it at.

        Matroska tells none for the first pictures of a video that are not in their order, and MP4
        needs one for each: they count back from the first that is told.
        """
        waiting, self._undated = self._undated, []
        known = waiting[-1].dts if waiting else None
        for place, packet in enumerate(waiting):
            if packet.dts is None:
                back = (len(waiting) - 1 - place) * (packet.duration or 1)
                packet.dts = packet.pts if known is None else known - back
            if self._last is not None and packet.dts is not None:
                packet.dts = max(packet.dts, self._last + 1)
            self._last = packet.dts
            packet.stream = self._out
            self._output.mux(packet)

    def _encode(self, frame: Any) -> None:
        if self._size:
            frame = frame.reformat(*self._size, format="yuv420p")
            frame.pict_type = 0  # the encoder chooses its own keyframes
        self._output.mux(self._out.encode(frame))


def _even(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, SIDE_PX / max(width, height, 1))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def convert(source: Source, target: str, limits: Limits) -> None:
    """Write what `source` holds to the file `target` as MP4.

    Raises:
        Corrupt: nothing of it decodes.
        TooLarge: longer than the limit.
        Unsupported: no decoder for its codec, or a playlist.
    """
    import av

    from mammothbox.decode.recording import _duration, _streams

    with opened(source) as container:
        if _duration(container, source, limits) > limits.duration_s:
            raise TooLarge(f"{source.name}: too long to be converted")
        streams = [stream for stream in _streams(container) if stream is not None]
        if not streams:
            raise Corrupt(f"{source.name}: there is neither sound nor video in it")
        with av.open(target, "w", format="mp4", options={"movflags": "faststart"}) as output:
            _copy(container, output, streams)


def _copy(container: InputContainer, output: OutputContainer, streams: list[Any]) -> None:
    import av.error

    tracks = {stream.index: _Track(stream, output) for stream in streams}
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
            tracks[packet.stream.index].feed(packet)
        except StopIteration:
            break
        except (av.error.InvalidDataError, av.error.EOFError, av.error.UndefinedError):
            continue  # a damaged packet is a short gap
    for track in tracks.values():
        track.finish()
