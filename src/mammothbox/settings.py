"""Every setting in one typed object. Nothing else in the program reads the environment.

A field `decode_timeout_s` is set by the variable ``MAMMOTHBOX_DECODE_TIMEOUT_S``, else by a line
``decode_timeout_s = 60`` in the user's config file (see `config_file`). A few variables that other
programs share keep their usual names (`ALIASES`).

Example:
    >>> load_settings({"MAMMOTHBOX_MEMORY_BYTES": "2GB"}).memory_bytes
    2000000000
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from platformdirs import user_cache_dir, user_data_dir, user_state_dir

from mammothbox.config_file import VARIABLE, config_path, read_values
from mammothbox.errors import UsageError

ALIASES: Mapping[str, str] = {
    "library": "MAMMOTHBOX_LIBRARY",
    "blip_endpoint": "BLIP_ENDPOINT",
    "clip_endpoint": "CLIP_ENDPOINT",
    "whisper_endpoint": "WHISPER_ENDPOINT",
    "phi35_endpoint": "PHI35_ENDPOINT",
    "blip_model": "BLIP_MODEL",
    "clip_model": "CLIP_MODEL",
    "whisper_model": "WHISPER_MODEL",
    "phi35_model": "PHI35_MODEL",
    "blip_api_key": "BLIP_API_KEY",
    "clip_api_key": "CLIP_API_KEY",
    "whisper_api_key": "WHISPER_API_KEY",
    "phi35_api_key": "PHI35_API_KEY",
    "database_url": "DATABASE_URL",
    "redis_url": "REDIS_URL",
    "writer": "WRITER",
    "hub_home": "HF_HOME",
}
"""Fields whose environment variable is not MAMMOTHBOX_ and the field's name."""


def _default_library() -> Path:
    return Path(user_data_dir("mammothbox", appauthor=False))


def _default_cache() -> Path:
    return Path(user_cache_dir("mammothbox", appauthor=False))


def _default_hub_home() -> Path:
    return Path.home() / ".cache" / "huggingface"  # on every system


def _default_leases() -> Path:
    return Path(user_state_dir("mammothbox", appauthor=False)) / "leases"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults.

    Attributes:
        library: directory of the library (database, vectors); default the platform's data dir.
        cache: directory of the weights, shared by all libraries of a user.
        profile: ``lite`` or ``full``.
        writer: ``large`` or ``small``: which writer the lite profile loads; not set, ``small`` on
            fewer than `MANY_CORES` processors.
        transcriber: model that writes speech down: ``whisper-base`` (if empty), ``whisper-small``
            or ``whisper-large-v3-turbo``.
        captioner: model that describes pictures for the full profile: ``blip2-opt-2.7b`` (if empty)
            with its language half in 4 bits, or ``blip2-opt-2.7b-int8``.
        embedder: joint space of the full profile: ``clip-vit-base-patch32`` (if empty) or
            ``clip-vit-b-32-laion2b-s34b-b79k``.
        memory_bytes: ceiling for all processes together; 0 means the lesser of 6 GB and 60 % of
            the machine or control group.
        device: where models run: ``auto`` puts each on an NVIDIA GPU if there is one that its
            engine can use and its memory fits; ``gpu`` those that can be there without
            asking, so that one that cannot is an error; ``cpu`` none.
        gpu_memory_bytes: ceiling for all models together on the GPU; 0 means the lesser of 6 GB and
            80 % of it.
        threads: compute threads per model host; 0 means the number of cores, at most 8.
        decoders: decoding child processes; 0 means the number of cores, at most 4.
        decode_timeout_s: seconds one file may take to decode, plus its duration / 20.
        decode_memory_bytes: address space a decoding child may use beyond its start.
        max_file_bytes: larger files are skipped, bytes.
        max_pixels: larger images are skipped, pixels.
        max_pages: pages of one document that are read; the rest is named as left out.
        max_chars: characters of one document that are read.
        max_duration_s: longer sound and video are skipped, seconds.
        image_side_px: longer side of decoded photos, pixels.
        max_keyframes: pictures kept of one video.
        host_timeout_s: seconds a model host may take for one request.
        idle_timeout_s: seconds after which an unused model host ends.
        batch_files: files per batch and transaction.
        describe: ``groups``, ``each`` or ``none``; empty means the profile's own default.
        blip_endpoint, clip_endpoint, whisper_endpoint, phi35_endpoint: base URLs of services that
            replace local models; empty means local.
        serve_folders: folders that `serve` may take in and arrange, separated by ":"; empty means
            your home folder. Folders that were ingested before are always among them.
        max_upload_bytes: the web application refuses larger uploads.
        token: bearer token that `serve` asks every client for; empty means none.
        hub_home: directory of a model hub's own client; `models pull` takes files that lie there
            instead of fetching them, and changes nothing in it.
        leases: directory in which all commands of a user agree on their models' memory.
        blip_model, clip_model, whisper_model, phi35_model: name of the model to ask such a service
            for; empty means the first of its list.
        blip_api_key, clip_api_key, whisper_api_key, phi35_api_key: bearer token for such a service;
            empty means none.
        database_url: ``postgresql://USER:PASSWORD@HOST/DATABASE``; empty means SQLite in the
            library directory.
        redis_url: ``redis://HOST:6379/0``; `ingest` then leaves the stages to `mammothbox worker`,
            of which there may be many; empty means one process.
    """

    library: Path = Path()
    cache: Path = Path()
    profile: str = "lite"
    writer: str = "small"
    transcriber: str = ""
    captioner: str = ""
    embedder: str = ""
    memory_bytes: int = 0
    device: str = "auto"
    gpu_memory_bytes: int = 0
    threads: int = 0
    decoders: int = 0
    decode_timeout_s: float = 30.0
    decode_memory_bytes: int = 2_000_000_000
    max_file_bytes: int = 8_000_000_000
    max_pixels: int = 180_000_000
    max_pages: int = 500
    max_chars: int = 2_000_000
    max_duration_s: float = 6 * 3600.0
    image_side_px: int = 1280
    max_keyframes: int = 24
    host_timeout_s: float = 300.0
    idle_timeout_s: float = 300.0
    batch_files: int = 32
    describe: str = ""
    blip_endpoint: str = ""
    clip_endpoint: str = ""
    whisper_endpoint: str = ""
    phi35_endpoint: str = ""
    blip_model: str = ""
    clip_model: str = ""
    whisper_model: str = ""
    phi35_model: str = ""
    blip_api_key: str = ""
    clip_api_key: str = ""
    whisper_api_key: str = ""
    phi35_api_key: str = ""
    serve_folders: str = ""
    max_upload_bytes: int = 4_000_000_000
    token: str = ""
    leases: Path = Path()
    hub_home: Path = Path()
    database_url: str = ""
    redis_url: str = ""


MANY_CORES = 8
"""Processors from which the larger writer, too, keeps a file under five seconds."""

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_bytes(text: str) -> int:
    """Bytes from ``6GB``, ``512 MB``, ``2g`` or a plain number; GB is 10^9, GiB is 2^30.

    Raises:
        UsageError: the text is not a size.
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT]?)(I?)B?\s*", text.upper())
    if not found:
        raise UsageError(f"{text!r} is not a size; write for example 6GB or 512MB")
    number, unit, binary = found.groups()
    factor = _UNITS[unit] if not binary else 1024 ** ("KMGT".index(unit) + 1 if unit else 0)
    return int(float(number) * factor)


def _path(text: str) -> Path:
    return Path(text).expanduser()


_CHOICES = {
    "profile": ("lite", "full"),
    "writer": ("large", "small"),
    "transcriber": ("", "whisper-base", "whisper-small", "whisper-large-v3-turbo"),
    "captioner": ("", "blip2-opt-2.7b", "blip2-opt-2.7b-int8"),
    "embedder": ("", "clip-vit-base-patch32", "clip-vit-b-32-laion2b-s34b-b79k"),
    "device": ("auto", "cpu", "gpu"),
    "describe": ("", "groups", "each", "none"),
}


def _parse(name: str, kind: object, text: str) -> Any:
    parsers: dict[object, Callable[[str], Any]] = {
        int: parse_bytes if name.endswith("_bytes") else int,
        float: float,
        Path: _path,
        str: str,
    }
    try:
        value = parsers[kind](text)
    except ValueError as error:
        raise UsageError(f"setting {name}: {text!r} is not a number") from error
    if name in _CHOICES and value not in _CHOICES[name]:
        known = ", ".join(filter(None, _CHOICES[name]))
        raise UsageError(f"setting {name}: {text!r} is unknown; one of {known}")
    return value


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Settings: `overrides` that are not None, then environment, config file, defaults.

    Args:
        environ: default `os.environ`; with another the config file is read only if named in it.
        overrides: field → value.

    Raises:
        UsageError: a value does not parse, or is not one of the allowed words.
    """
    env = os.environ if environ is None else environ
    written = read_values(config_path(env)) if environ is None or VARIABLE in env else {}
    kinds = get_type_hints(Settings)
    unknown = written.keys() - kinds.keys()
    if unknown:
        raise UsageError(f"{config_path(env)}: no setting is called {sorted(unknown)[0]!r}")
    values: dict[str, Any] = {"library": _default_library(), "cache": _default_cache()}
    values["leases"], values["hub_home"] = _default_leases(), _default_hub_home()
    values["writer"] = "large" if (os.cpu_count() or 1) >= MANY_CORES else "small"
    for item in fields(Settings):
        variable = ALIASES.get(item.name, f"MAMMOTHBOX_{item.name.upper()}")
        text = env.get(variable) or written.get(item.name, "")
        if text:
            values[item.name] = _parse(item.name, kinds[item.name], text)
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Settings(**values)
