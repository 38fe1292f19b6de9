"""Step `embed`: pictures as vectors of the joint space.

A photo has one embedding. A video has one for each keyframe, with its time, and one for the whole:
the normalised mean. `Done.value` counts them: ``{"vectors"}``.
"""

from __future__ import annotations

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.records import Content, Done, Embedding, VideoContent

SPACE = "joint"


def embeddings_of(content: Content, vectors: Vectors) -> tuple[Done, tuple[Embedding, ...]]:
    """The result for a photo or a video; `vectors` has one row a picture, in order."""
    if not isinstance(content, VideoContent):
        return Done({"vectors": 1}), (Embedding(SPACE, vectors[0]),)
    mean = vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    whole = (mean / norm if norm > 0 else vectors[0]).astype(np.float32)
    frames = [
        Embedding(SPACE, vector, start_s=frame.time_s)
        for frame, vector in zip(content.frames, vectors, strict=True)
    ]
    return Done({"vectors": 1 + len(frames)}), (Embedding(SPACE, whole), *frames)
