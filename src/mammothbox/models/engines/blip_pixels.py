"""Pictures as BLIP-2's vision tower reads them, as the model's `preprocessor_config.json` says.

Place in the flow: `engines.blip` prepares each picture here. The whole picture is scaled to a
square, whatever its shape; nothing is cut off. Knows nothing of networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels
from mammothbox.records import Json

MEAN = (0.48145466, 0.4578275, 0.40821073)
SPREAD = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue, where the model's own file says nothing else."""

SIDE = 224


def prepare(image: Pixels, how: Json) -> npt.NDArray[np.float32]:
    """3 x height x width, colours normalised."""
    from PIL import Image

    size: Any = how.get("size") or {}
    tall, wide = int(size.get("height", SIDE)), int(size.get("width", SIDE))
    picture = Image.fromarray(np.ascontiguousarray(image))
    pixels = np.asarray(picture.resize((wide, tall), Image.Resampling.BICUBIC))
    mean = np.array(how.get("image_mean", MEAN), np.float32)
    spread = np.array(how.get("image_std", SPREAD), np.float32)
    normal = (pixels.astype(np.float32) / 255 - mean) / spread
    return np.ascontiguousarray(normal.transpose(2, 0, 1), np.float32)
