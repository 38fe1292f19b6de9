"""Files that belong to another file of the same folder and go wherever it goes.

Edits (.xmp, .aae, ...), the moving half of a live photo, subtitles, and a service's .json beside
the photo. Judged by names alone; knows nothing of the disk.

Example:
    >>> companions(["a.heic", "a.mov", "a.xmp", "film.mkv", "film.en.srt", "b.mov"])
    {'a.mov': 'a.heic', 'a.xmp': 'a.heic', 'film.en.srt': 'film.mkv'}
"""

from __future__ import annotations

from collections.abc import Iterable
from os.path import splitext

_EDITS = frozenset((".xmp", ".aae", ".thm", ".pp3", ".dop", ".on1", ".json"))
_SUBTITLES = frozenset((".srt", ".vtt", ".ass", ".ssa", ".sub", ".idx", ".lrc", ".sbv"))
_RAW = (".cr3", ".cr2", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw")
_STILLS = (*_RAW, ".heic", ".heif", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".avif", ".webp")
_FILMS = (".mov", ".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv")
_SOUNDS = (".mp3", ".m4a", ".flac", ".ogg", ".opus", ".wav", ".aac")
_LIVE = (".heic", ".heif", ".jpg", ".jpeg")


def companions(names: Iterable[str]) -> dict[str, str]:
    """For each name that belongs to another name of the same folder, that other name."""
    by_key = {name.lower(): name for name in sorted(names, reverse=True)}
    found = {}
    for key, name in sorted(by_key.items()):
        lead = _lead(key, by_key)
        if lead is not None and lead != key:
            found[name] = by_key[lead]
    return {name: _last(name, found) for name in found}


def _last(name: str, leads: dict[str, str]) -> str:
    lead = leads[name]
    return _last(lead, leads) if lead in leads else lead


def _lead(key: str, known: dict[str, str]) -> str | None:
    stem, extension = splitext(key)
    if extension in _EDITS:
        whole = stem.removesuffix(".supplemental-metadata")
        if whole in known and splitext(whole)[1] in (*_STILLS, *_FILMS, *_SOUNDS):
            return whole
        return None if extension == ".json" else _first(stem, (*_STILLS, *_FILMS), known)
    if extension in _SUBTITLES:
        for _ in range(3):  # film.srt, film.en.srt, film.en.forced.srt
            lead = _first(stem, (*_FILMS, *_SOUNDS), known)
            if lead is not None:
                return lead
            stem = splitext(stem)[0]
        return None
    return _first(stem, _LIVE, known) if extension in (".mov", ".mp4") else None


def _first(stem: str, extensions: tuple[str, ...], known: dict[str, str]) -> str | None:
    return next((stem + end for end in extensions if stem + end in known), None)


def companion_name(name: str, lead: str, new_lead: str) -> str:
    """What the companion `name` of `lead` is called when `lead` becomes `new_lead`."""
    if name.lower().startswith(lead.lower()):
        return new_lead + name[len(lead) :]
    stem = splitext(lead)[0]
    return splitext(new_lead)[0] + name[len(stem) :]
