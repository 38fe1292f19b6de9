"""What EfficientNet-Lite2 sees on every training photo, computed once and kept on disk.

First step of the recipe. Each photo is seen in several views (whole, mirrored, two random crops,
one of them mirrored); the backbone is frozen, so nothing later touches pixels again. Resumable:
rows already written are not computed twice.

    python -m training.features --photos DIR/train --pth efficientnet-lite2.pth --out DIR/features

Writes `names.txt`, `cells.u8` (rows x 81 x 1280, value x 6/255) and `logits.f16` (rows x 1000),
where row = photo x views + view.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

from mammothbox.models.engines.eyes_pixels import Box, prepare, to_batch
from mammothbox.models.graphs import efficientnet_lite2 as backbone

PLACES = backbone.GRID**2
SCALE = 6.0 / 255.0
"""ReLU6 features lie in [0, 6]; a byte holds them with an error of at most 0.012."""


def crop_box(rng: np.random.Generator, width: int, height: int) -> Box:
    """A random window with 55 to 90 % of the area and nearly the frame's shape."""
    area, ratio = rng.uniform(0.55, 0.9), np.exp(rng.uniform(-0.15, 0.15))
    w, h = min(1.0, np.sqrt(area * ratio)) * width, min(1.0, np.sqrt(area / ratio)) * height
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    return (x, y, x + w, y + h)


def views_of(path: Path, index: int, views: int) -> list[np.ndarray]:
    """The photo's views, always the same for the same index."""
    rng = np.random.default_rng([7, index])
    with Image.open(path) as file:
        pixels = np.asarray(file.convert("RGB"))
    height, width = pixels.shape[:2]
    made = [prepare(pixels)]
    if views > 1:
        made.append(prepare(pixels, flip=True))
    for view in range(2, views):
        made.append(prepare(pixels, crop_box(rng, width, height), flip=view % 2 == 1))
    return made


def _open_rows(path: Path, dtype: type, shape: tuple[int, ...]) -> np.memmap:
    mode = "r+" if path.exists() else "w+"
    return np.memmap(path, dtype=dtype, mode=mode, shape=shape)


def extract(
    photos: Path, pth: Path, out: Path, *, views: int, threads: int = 2, limit: int | None = None
) -> None:
    """Fill `out` with the features of every photo of the directory `photos`."""
    out.mkdir(parents=True, exist_ok=True)
    graph = backbone.build(pth, out / "backbone.onnx", exact=True)  # views go through it by eights
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    paths = sorted(photos.glob("*.jpg"))[:limit]
    (out / "names.txt").write_text("".join(f"{path.name}\n" for path in paths))
    rows = len(paths) * views
    cells = _open_rows(out / "cells.u8", np.uint8, (rows, PLACES, backbone.FEATURES))
    logits = _open_rows(out / "logits.f16", np.float16, (rows, backbone.CLASSES))
    done_file, start = out / "done.txt", time.monotonic()
    done = int(done_file.read_text()) if done_file.exists() else 0
    for first in range(done, len(paths), 8):
        group = paths[first : first + 8]
        batch = [v for i, path in enumerate(group) for v in views_of(path, first + i, views)]
        seen = session.run(["logits", "cells"], {"pixels": to_batch(batch)})
        at = slice(first * views, first * views + len(batch))
        logits[at] = seen[0]
        cells[at] = np.clip(np.rint(seen[1] / SCALE), 0, 255)
        done_file.write_text(str(first + len(group)))
        if first % 800 == 0:
            print(f"{first}/{len(paths)} photos, {time.monotonic() - start:.0f} s", flush=True)
    cells.flush()
    logits.flush()


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--pth", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    extract(
        args.photos, args.pth, args.out, views=args.views, threads=args.threads, limit=args.limit
    )


if __name__ == "__main__":
    main()
