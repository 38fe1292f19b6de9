"""One decoder with two children for all tests of the package, and small files made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammothbox.decode import Decoder
from mammothbox.decode.limits import Limits
from mammothbox.settings import Settings


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    with Decoder(Settings(decoders=2, decode_timeout_s=60)) as pool:
        yield pool


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits.of(Settings())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A red and blue JPEG, 64 x 48 pixels."""
    from PIL import Image

    image = Image.new("RGB", (64, 48), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 32, 48))
    path = tmp_path / "photo.jpg"
    image.save(path, quality=95)
    return path
