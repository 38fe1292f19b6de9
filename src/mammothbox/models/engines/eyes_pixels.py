"""Photos as EfficientNet-Lite2 wants them: 260 x 260, bicubic, (value - 127) / 128.

Place in the flow: the eyes engine and the training features both come through here, so that what is
trained on is what is run. The whole frame is kept (squashed to a square): captions speak of the
edges too. Knows nothing of the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels

SIDE = 260

_MEAN = np.float32(127.0)
_SPREAD = np.float32(128.0)

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the original."""


def prepare(image: Pixels, box: Box | None = None, *, flip: bool = False) -> Pixels:
    """The photo (or `box` of it) as 260 x 260 x 3 uint8, mirrored when `flip`."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(image))
    small = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    pixels = np.asarray(small)
    return pixels[:, ::-1] if flip else pixels


def to_batch(prepared: Sequence[Pixels]) -> npt.NDArray[np.float32]:
    """N x 3 x 260 x 260 float32, about -1 to 1, from images that `prepare` made."""
    stacked = np.stack(prepared).transpose(0, 3, 1, 2)
    batch = np.ascontiguousarray(stacked, dtype=np.float32)
    batch -= _MEAN
    batch /= _SPREAD
    return batch
