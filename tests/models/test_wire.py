"""Pixels and vectors survive the socket bit by bit; hostile data is refused."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mammothbox.errors import Corrupt, TooLarge
from mammothbox.models import wire


@given(st.integers(1, 33), st.integers(1, 33), st.integers(0, 2**32 - 1))
def test_any_image_comes_back_the_same(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    assert np.array_equal(wire.decode_image(wire.encode_image(image)), image)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=5))
def test_any_images_come_back_the_same_one_after_the_other(sizes: list[tuple[int, int]]) -> None:
    random = np.random.default_rng(3)
    images = [random.integers(0, 256, (*size, 3), np.uint8) for size in sizes]

    back = wire.decode_images(wire.encode_images(images))

    assert len(back) == len(images)
    assert all(map(np.array_equal, back, images))


@pytest.mark.parametrize(
    "data",
    [
        b"no picture",
        b"BM" + bytes(60),
        wire.encode_images([np.zeros((4, 4, 3), np.uint8)])[:-1],
        wire.encode_images([np.zeros((4, 4, 3), np.uint8)]) + b"BM",
    ],
)
def test_what_is_no_row_of_images_is_refused(data: bytes) -> None:
    with pytest.raises(Corrupt):
        wire.decode_images(data)


def test_the_data_url_is_a_bmp_that_others_read() -> None:
    image = np.random.default_rng(1).integers(0, 256, (7, 5, 3), np.uint8)
    data = base64.b64decode(wire.encode_image(image).partition(",")[2])

    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "BMP"
        assert np.array_equal(np.asarray(opened.convert("RGB")), image)


def test_a_png_of_somebody_else_is_read() -> None:
    image = np.random.default_rng(2).integers(0, 256, (6, 9, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    url = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()

    assert np.array_equal(wire.decode_image(url), image)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.png",
        "data:image/png;base64,###",
        "data:image/png;base64,aGVsbG8=",
        "data:image/bmp;base64," + base64.b64encode(b"BM" + bytes(60)).decode(),
        wire.encode_image(np.zeros((4, 4, 3), np.uint8))[:-8],
    ],
)
def test_what_is_no_image_is_refused(url: str) -> None:
    with pytest.raises(Corrupt):
        wire.decode_image(url)


def test_too_many_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    Image.new("RGB", (100, 100)).save(out, "PNG")
    url = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    monkeypatch.setattr(wire, "MAX_PIXELS", 9_999)

    with pytest.raises(TooLarge):
        wire.decode_image(url)


def test_vectors_come_back_the_same_from_both_encodings() -> None:
    vector = np.random.default_rng(3).normal(size=512).astype(np.float32)

    assert np.array_equal(wire.decode_vector(wire.encode_vector(vector)), vector)
    assert np.array_equal(wire.decode_vector(vector.tolist()), vector)
    with pytest.raises(Corrupt):
        wire.decode_vector("%%%")
