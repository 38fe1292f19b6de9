"""Packets of sound to one stretch of samples: mono, 16,000 a second, float32 in [-1, 1].

Memory stays flat: past ten minutes the samples go to a temporary file. Knows nothing of
containers.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from mammothbox.arrays import Samples
from mammothbox.decode.dispatch import OnDuration
from mammothbox.decode.wire import SPOOL_SAMPLES
from mammothbox.errors import TooLarge

if TYPE_CHECKING:
    import av

RATE = 16_000
"""Samples a second, what speech models listen to."""

_REPORT_S = 60.0


class SoundReader:
    """Collects the sound of one stream.

    Args:
        limit_s: seconds after which the sound is refused.
        name: of the file, for messages.
        on_duration: told how many seconds have been read, once a minute of sound.
    """

    def __init__(self, limit_s: float, name: str, on_duration: OnDuration) -> None:
        self._limit_s = limit_s
        self._name = name
        self._on_duration = on_duration
        self._reported_s = 0.0
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[object, ...] = ()
        self._parts: list[Samples] = []
        self._held = 0
        self._spooled = 0
        self._file: BinaryIO | None = None

    def feed(self, packet: av.Packet) -> None:
        """Decode one packet.

        Raises:
            TooLarge: the sound is longer than the limit.
        """
        for frame in packet.decode():
            self._add(frame)

    def finish(self) -> Samples:
        """All samples, read-only; a memory map of a nameless file when they are many."""
        self._flush()
        self._parts, rest = [], np.concatenate([*self._parts, np.empty(0, np.float32)])
        if self._file is None:
            rest.flags.writeable = False
            return rest
        self._write(rest)
        self._file.flush()
        return np.memmap(self._file, dtype=np.float32, mode="r", shape=(self._spooled,))

    def _add(self, frame: av.AudioFrame) -> None:
        import av

        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._shape:  # also when it changes in the middle of a stream
            self._flush()
            self._shape = shape
            self._resampler = av.AudioResampler(format="fltp", rate=RATE)
        frame.pts = None
        assert self._resampler is not None
        for part in self._resampler.resample(frame):
            self._keep(part)

    def _flush(self) -> None:
        if self._resampler is not None:
            for part in self._resampler.resample(None):
                self._keep(part)
            self._resampler = None

    def _keep(self, frame: av.AudioFrame) -> None:
        # FFmpeg's own way to mono adds channels up to 1.41 times full scale, which clips.
        samples = np.nan_to_num(frame.to_ndarray().mean(axis=0, dtype=np.float32))
        self._parts.append(np.clip(samples, -1.0, 1.0))
        self._held += len(samples)
        seconds = (self._spooled + self._held) / RATE
        if seconds > self._limit_s:
            raise TooLarge(f"{self._name}: the sound is longer than {self._limit_s:g} s")
        if seconds > self._reported_s + _REPORT_S:
            self._reported_s = seconds
            self._on_duration(seconds)
        if self._held > SPOOL_SAMPLES:
            self._write(np.concatenate(self._parts))
            self._parts, self._held = [], 0

    def _write(self, samples: Samples) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="mammothbox-")  # noqa: SIM115
        self._file.write(samples.tobytes())
        self._spooled += len(samples)
