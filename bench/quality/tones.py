"""Sounds without words that the bench makes itself: silence, noise, and a little music."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second."""


def write_wordless_clips(folder: Path) -> list[Path]:
    """Writes three WAV files of 12 seconds each, always the same bytes; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.05, 12 * RATE)
    sounds = {"silence": np.zeros(12 * RATE), "white_noise": noise, "music": _music()}
    for name, sound in sounds.items():
        with wave.open(str(folder / f"{name}.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return [folder / f"{name}.wav" for name in sounds]


def _music() -> npt.NDArray[np.float64]:
    """Plucked chords over a bass with a beat: I-vi-IV-V in C, half a second a note."""
    chords = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
    notes = []
    seconds = np.arange(RATE // 2) / RATE
    for beat in range(24):
        chord = chords[beat // 2 % 4]
        played = (*chord, chord[0] - 24, chord[beat % 3] + 12)
        tone = sum(
            np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * harmonic * seconds) / harmonic**2
            for note in played
            for harmonic in (1, 2, 3)
        )
        notes.append(0.08 * np.asarray(tone) * np.exp(-4 * seconds))
    return np.concatenate(notes)
