"""What arrays mean, wherever they occur: pictures, sound and embeddings.

Apart from `records`, which names them for type checkers only: numpy takes a tenth of a second to
import, for which the start of a search's model need not wait.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""An upright image, H x W x 3, RGB, 0 to 255."""

Samples = npt.NDArray[np.float32]
"""Sound, one channel, 16,000 samples a second, in [-1, 1]; may be a memory map."""

Vector = npt.NDArray[np.float32]
"""One embedding, one-dimensional, L2-normalised."""

Vectors = npt.NDArray[np.float32]
"""Embeddings, one a row, each L2-normalised."""
