"""The captioner as a PyTorch module: a small transformer that reads feature cells and says words.

Place in the flow: `train_captioner` and `self_critical` fit it, `export` writes it as ONNX graphs
that do the same sums. Memory = 25 feature cells (means over a 5 x 5 grid) and one token made of the
whole photo (mean features and label-space vector), passed through one encoder layer; three decoder
layers say one word at a time. Knows nothing of files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

PAD, BOS, EOS, UNKNOWN = 0, 1, 2, 3
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; stored beside the weights."""

    words: int
    width: int = 320
    heads: int = 5
    layers: int = 3
    inner: int = 1280
    side: int = 9
    grid: int = 5
    features: int = 1280
    labels: int = 384
    longest: int = 20
    dropout: float = 0.2
    blanked: float = 0.1


class Dropout(nn.Module):
    """Hides whole features of a row, the same at every place: one draw for many numbers."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """R x T x width, unchanged outside training."""
        if not self.training or not self.rate:
            return x
        kept = torch.rand(x.shape[0], 1, x.shape[2]) >= self.rate
        return x * (kept.to(x.dtype) / (1 - self.rate))


class Attention(nn.Module):
    """Multi-head attention with its keys and values made apart, so that they can be kept."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key_value = nn.Linear(shape.width, 2 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def split(self, x: Tensor) -> Tensor:
        """N x T x width to N x heads x T x width / heads."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keep(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of `x`, each N x heads x T x size."""
        key, value = self.key_value(x).chunk(2, dim=-1)
        return self.split(key), self.split(value)

    def forward(self, x: Tensor, kept: tuple[Tensor, Tensor], causal: bool = False) -> Tensor:
        """What `x` finds among the kept keys."""
        query = self.split(self.query(x))
        scores = query @ kept[0].transpose(-1, -2) * query.shape[-1] ** -0.5
        if causal:
            later = torch.full(scores.shape[-2:], -1e4, dtype=scores.dtype).triu(1)
            scores = scores + later
        found = scores.softmax(-1) @ kept[1]
        return self.out(found.transpose(1, 2).flatten(2))

    def of_photo(self, x: Tensor, kept: tuple[Tensor, Tensor]) -> Tensor:
        """The same where several rows of `x` share one photo: the memory is not repeated."""
        together = x.reshape(kept[0].shape[0], -1, x.shape[-1])
        return self(together, kept).view_as(x)


class Layer(nn.Module):
    """Self-attention, optionally attention to memory, and a two-layer network; norms come first."""

    def __init__(self, shape: Shape, *, sees_memory: bool) -> None:
        super().__init__()
        self.norm_self, self.attend = nn.LayerNorm(shape.width), Attention(shape)
        if sees_memory:
            self.norm_cross, self.cross = nn.LayerNorm(shape.width), Attention(shape)
        self.norm_inner = nn.LayerNorm(shape.width)
        self.widen = nn.Linear(shape.width, shape.inner)
        self.narrow = nn.Linear(shape.inner, shape.width)
        self.drop = Dropout(shape.dropout)

    def inner(self, x: Tensor) -> Tensor:
        """The position-wise network with its residual."""
        wide = F.gelu(self.widen(self.norm_inner(x)))
        return x + self.drop(self.narrow(wide))

    def encode(self, x: Tensor) -> Tensor:
        """One layer of the encoder."""
        y = self.norm_self(x)
        return self.inner(x + self.drop(self.attend(y, self.attend.keep(y))))

    def decode(self, x: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        """One layer of the decoder over a whole sentence."""
        y = self.norm_self(x)
        x = x + self.drop(self.attend(y, self.attend.keep(y), causal=True))
        x = x + self.drop(self.cross.of_photo(self.norm_cross(x), memory))
        return self.inner(x)

    def step(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None, memory: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One word further: the result and all keys and values so far."""
        y = self.norm_self(x)
        key, value = self.attend.keep(y)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        x = x + self.attend(y, (key, value))
        x = x + self.cross.of_photo(self.norm_cross(x), memory)
        return self.inner(x), (key, value)


Memory = list[tuple[Tensor, Tensor]]


def pooling(side: int, grid: int) -> Tensor:
    """grid² x side²: each row averages the places of one cell; cells may overlap."""
    axis = torch.zeros(grid, side)
    for cell in range(grid):
        start, stop = cell * side // grid, -(-(cell + 1) * side // grid)
        axis[cell, start:stop] = 1 / (stop - start)
    return torch.kron(axis, axis)


class Captioner(nn.Module):
    """Feature cells and labels in, log-probabilities of the next word out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.cells = nn.Linear(shape.features, shape.width)
        self.places = nn.Parameter(torch.randn(shape.grid**2, shape.width) * 0.02)
        self.register_buffer("pool", pooling(shape.side, shape.grid))
        self.whole = nn.Linear(shape.features + shape.labels, shape.width)
        self.norm_input = nn.LayerNorm(shape.width)
        self.encoder = Layer(shape, sees_memory=False)
        self.norm_memory = nn.LayerNorm(shape.width)
        self.words = nn.Embedding(shape.words, shape.width)
        nn.init.normal_(self.words.weight, std=shape.width**-0.5)
        self.order = nn.Parameter(torch.randn(shape.longest, shape.width) * 0.02)
        self.decoder = nn.ModuleList(Layer(shape, sees_memory=True) for _ in range(shape.layers))
        self.norm_output = nn.LayerNorm(shape.width)
        self.bias = nn.Parameter(torch.zeros(shape.words))
        self.drop = Dropout(shape.dropout)

    def remember(self, cells: Tensor, labels: Tensor) -> Memory:
        """Keys and values of each decoder layer from N x 81 x 1280 cells, N x 384 label vectors."""
        whole = self.whole(torch.cat([cells.mean(1), labels], dim=1))[:, None]
        x = torch.cat([whole, self.hide(self.cells(self.pool @ cells)) + self.places], dim=1)
        x = self.encoder.encode(self.drop(self.norm_input(x)))
        x = self.norm_memory(x)
        return [layer.cross.keep(x) for layer in self.decoder]

    def hide(self, cells: Tensor) -> Tensor:
        """Cells with some of them blanked, while learning: no single place says everything."""
        if not self.training or not self.shape.blanked:
            return cells
        return cells * (torch.rand(cells.shape[:2])[..., None] >= self.shape.blanked)

    def embed(self, ids: Tensor, start: int = 0) -> Tensor:
        """Word and position vectors of R x T ids."""
        scaled = self.words(ids) * math.sqrt(self.shape.width)
        return self.drop(scaled + self.order[start : start + ids.shape[1]])

    def logits(self, x: Tensor) -> Tensor:
        """Scores of all words."""
        return F.linear(self.norm_output(x), self.words.weight, self.bias)

    def forward(self, memory: Memory, ids: Tensor, spoken: Tensor) -> Tensor:
        """Scores of the words after those of `ids` (R x T) where `spoken` says so: spoken x words.

        R is a multiple of the photos. Padding is a third of a batch and the scores are the dearest
        product, so they are not made for it.
        """
        x = self.embed(ids)
        for layer, kept in zip(self.decoder, memory, strict=True):
            x = layer.decode(x, kept)
        return self.logits(x[spoken])

    def step(
        self, memory: Memory, ids: Tensor, at: int, past: Memory | None
    ) -> tuple[Tensor, Memory]:
        """Scores after the word `ids` (R x 1) at position `at`, and the new past."""
        x, now = self.embed(ids, at), []
        for index, layer in enumerate(self.decoder):
            x, kept = layer.step(x, past[index] if past else None, memory[index])
            now.append(kept)
        return self.logits(x)[:, -1].float(), now


@torch.no_grad()
def say(
    model: Captioner, memory: Memory, times: int = 1, *, draw: bool = False, heat: float = 1.0
) -> Tensor:
    """`times` sentences a photo, drawn at random or the most probable word each time.

    Args:
        model: what speaks.
        memory: of the photos.
        times: sentences a photo.
        draw: at random, else the most probable word each time.
        heat: scores are divided by it before a draw; below 1 odd words are drawn more rarely.

    Returns:
        (photos x times) x T ids, rows of a photo side by side, padded after EOS.
    """
    rows = memory[0][0].shape[0] * times
    ids, past = torch.full((rows, 1), BOS), None
    said, ended = [], torch.zeros(rows, dtype=torch.bool)
    for at in range(model.shape.longest - 1):
        scores, past = model.step(memory, ids, at, past)
        scores[:, [PAD, BOS, UNKNOWN]] = -torch.inf
        ids = (
            torch.multinomial((scores / heat).softmax(1), 1)
            if draw
            else scores.argmax(1, keepdim=True)
        )
        ids[ended] = PAD
        said.append(ids)
        ended |= ids[:, 0] == EOS
        if ended.all():
            break
    return torch.cat(said, 1)


def words_of(ids: Sequence[int], vocabulary: Sequence[str]) -> list[str]:
    """The words up to the end mark."""
    words = []
    for index in ids:
        if index in (EOS, PAD):
            break
        words.append(vocabulary[index])
    return words
