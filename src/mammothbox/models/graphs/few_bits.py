"""Matrices in 4 or 8 bits, in blocks along the rows, as ONNX Runtime's ``MatMulNBits`` reads them.

Place in the flow: graph modules of large networks keep their matrices so. A block of `BLOCK`
numbers has a scale (float32) and a zero point, so that no number is further than half
a step from where it was. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLOCK = 128
"""Numbers that share a scale. With 32 a caption took a third longer: there is a fifth more to read
for each word, and the kernels stop at every block."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of a matrix N x K in few bits.

    Attributes:
        values: uint8, N x blocks x (BLOCK * bits / 8); in 4 bits the first of two is the low half.
        scales: float32, N x blocks.
        zeros: uint8, N x ceil(blocks * bits / 8): the number that means 0, in the same packing.
    """

    values: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    zeros: npt.NDArray[np.uint8]


def pack(rows: npt.NDArray[np.float32], bits: int) -> Packed:
    """`rows` (N x K) in `bits` (4 or 8) bits; K is filled up with zeros to whole blocks."""
    count, width = rows.shape
    blocks = -(-width // BLOCK)
    if blocks * BLOCK != width:
        rows = np.pad(rows, ((0, 0), (0, blocks * BLOCK - width)))
    cut = rows.reshape(count, blocks, BLOCK)
    low = np.minimum(cut.min(axis=2), 0)
    high = np.maximum(cut.max(axis=2), 0)
    most = 2**bits - 1
    scales = ((high - low) / most).astype(np.float32)
    step = np.where(scales > 0, scales, 1).astype(np.float32)
    zeros = np.clip(np.rint(-low / step), 0, most).astype(np.uint8)
    values = np.rint(cut / step[..., None]) + zeros[..., None]
    values = np.clip(values, 0, most, out=values).astype(np.uint8)
    return Packed(_join(values, bits), scales, _join(zeros, bits))


def _join(values: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    """Two numbers of 4 bits a byte; an odd last one is alone in its byte."""
    if bits == 8:
        return values
    if values.shape[-1] % 2:
        values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, 1)])
    high: npt.NDArray[np.uint8] = values[..., 1::2] << np.uint8(4)
    return values[..., ::2] | high


def unpack(packed: Packed, bits: int, width: int) -> npt.NDArray[np.float32]:
    """The numbers that `packed` means, N x `width`."""
    values, zeros = _part(packed.values, bits), _part(packed.zeros, bits)
    zeros = zeros[:, : packed.scales.shape[1]]
    cut = (values.astype(np.float32) - zeros[..., None]) * packed.scales[..., None]
    return cut.reshape(len(cut), -1)[:, :width].astype(np.float32)


def _part(values: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    if bits == 8:
        return values
    both = np.stack([values & 15, values >> 4], axis=-1)
    return both.reshape(*values.shape[:-1], -1)
