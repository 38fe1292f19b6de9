"""Words that change on a still screen give a picture of each page, though no shot begins."""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from mammothbox.decode import Decoder
from mammothbox.records import Kind, VideoContent
from mammothbox.settings import Settings

PAGE_S = 3
FPS = 8


def _slide(words: str) -> Image.Image:
    slide = Image.new("RGB", (640, 360), "white")
    ImageDraw.Draw(slide).text((60, 150), words, "black", ImageFont.load_default(32))
    return slide


def _write(path: Path, pages: list[str]) -> None:
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for words in pages:
            frame = av.VideoFrame.from_image(_slide(words))
            for _ in range(PAGE_S * FPS):
                frame.pts = None
                box.mux(stream.encode(frame))
        box.mux(stream.encode(None))


def test_a_picture_of_each_page(tmp_path: Path) -> None:
    path = tmp_path / "screen.mp4"
    _write(path, ["QUARTERLY REPORT", "Invoice total 349.99 EUR", "Thank you"])
    with Decoder(Settings(decoders=1)) as decoder:
        content = decoder.decode(str(path), Kind.VIDEO, "video/mp4")
    assert isinstance(content, VideoContent)
    assert [int(frame.time_s // PAGE_S) for frame in content.frames] == [0, 1, 2]
