"""The rules by which the quality bench judges, on cases a person can follow."""

from __future__ import annotations

import wave
from pathlib import Path

from bench.quality.captions import names_one_of
from bench.quality.documents import filed_as_bill, statements
from bench.quality.language import spoken_in
from bench.quality.tones import RATE, write_wordless_clips
from mammothbox.models.contracts import Segment


def test_a_sentence_names_an_object() -> None:
    assert names_one_of("A man rides a wave.", {"person", "surfboard"})
    assert names_one_of("Two dogs play", {"dog"})
    assert names_one_of("an old cellphone", {"cell phone"})
    assert not names_one_of("probably: carton", {"car"})
    assert not names_one_of("a room", {"person"})


def test_the_language_of_a_part_is_that_of_most_of_its_seconds() -> None:
    segments = (Segment(0, 4, "a", "en"), Segment(4, 9, "b", "es"), Segment(9, 12, "c", "fr"))
    assert spoken_in(segments, 0, 5) == "en"
    assert spoken_in(segments, 3, 9) == "es"
    assert spoken_in(segments, 20, 30) == ""


def test_a_bill_by_category_or_tag() -> None:
    assert filed_as_bill({"category": "receipt", "tags": []})
    assert filed_as_bill({"category": "document", "tags": ["tax invoice"]})
    assert not filed_as_bill({"category": "letter", "tags": ["shop"]})


def test_statements_leave_the_text_itself_out() -> None:
    shown = {
        "title": "Bill",
        "summary": None,
        "tags": [{"tag": "shop"}],
        "entities": [{"text": "7.50 EUR", "type": "amount"}],
        "ocr_text": "secret",
    }
    assert statements(shown) == ["Bill", "", "shop", "7.50 EUR"]


def test_wordless_clips_are_the_same_every_time(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_wordless_clips(tmp_path / "a")]
    paths = write_wordless_clips(tmp_path / "b")
    assert [path.read_bytes() for path in paths] == first
    for path in paths:
        with wave.open(str(path)) as sound:
            assert sound.getnframes() == 12 * RATE
