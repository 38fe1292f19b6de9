"""Sidecars: readable as XMP, and never over another program's."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import pytest

from mammothbox.xmp import place, sidecar, write_sidecars

ITEM = {
    "path": "/p/a.jpg",
    "kind": "image",
    "title": "A dog & a \x00 beach",
    "caption": "a dog runs",
    "tags": ["dog", "süß"],
}


def _item(path: Path) -> dict[str, object]:
    return {**ITEM, "path": str(path)}


@pytest.mark.filterwarnings("ignore")
def test_pillow_reads_what_was_written(tmp_path: Path) -> None:
    picture = PIL.Image.new("RGB", (4, 4))
    picture.save(tmp_path / "a.jpg", xmp=sidecar(ITEM))
    with PIL.Image.open(tmp_path / "a.jpg") as again:
        packet = again.info["xmp"].decode()
    assert "A dog &amp; a  beach" in packet
    assert "<rdf:li>süß</rdf:li>" in packet


def test_only_media_get_one_and_a_second_run_writes_it_anew(tmp_path: Path) -> None:
    item = _item(tmp_path / "a.jpg")
    document = _item(tmp_path / "b.pdf") | {"kind": "document"}
    assert write_sidecars([item, document], None) == 1
    assert write_sidecars([item | {"tags": ["cat"]}], None) == 1
    assert b"cat" in (tmp_path / "a.jpg.xmp").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg.xmp"]


def test_the_sidecar_of_another_program_stays(tmp_path: Path) -> None:
    other = tmp_path / "a.jpg.xmp"
    other.write_bytes(b"<x:xmpmeta>from elsewhere</x:xmpmeta>")
    assert write_sidecars([_item(tmp_path / "a.jpg")], None) == 0
    assert other.read_bytes() == b"<x:xmpmeta>from elsewhere</x:xmpmeta>"


def test_a_folder_of_their_own_mirrors_the_paths(tmp_path: Path) -> None:
    assert place("/p/q/a.jpg", Path("/out")) == Path("/out/p/q/a.jpg.xmp")
    assert write_sidecars([_item(Path("/p/q/a.jpg"))], tmp_path) == 1
    assert (tmp_path / "p/q/a.jpg.xmp").is_file()
