"""Truths written for people become values."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.media import (
    Item,
    SpokenTruth,
    field_truth,
    flickr_captions,
    is_wordless,
    load_index,
    noise_db,
    photo_truth,
    spoken_truth,
    text_truth,
    truth_file,
)


@pytest.mark.parametrize(
    ("truth", "language", "text", "note", "written", "exact"),
    [
        ("en; go forward ten meters", "en", "go forward ten meters", "", True, True),
        ("en; a b [pink noise, SNR 5 dB]", "en", "a b", "pink noise, SNR 5 dB", True, True),
        ("en; ", "en", "", "", False, False),
        ("zh; no transcript in repo", "zh", "no transcript in repo", "", False, False),
        ("en; hello (from the file name)", "en", "hello (from the file name)", "", True, False),
        ("en; two speakers; and so it begins", "en", "and so it begins", "", True, True),
        ("en; LJ050-0131", "en", "LJ050-0131", "", False, False),
        ('en; contains the word "ComfyUI"', "en", 'contains the word "ComfyUI"', "", False, False),
        (
            "de; (x output, NOT human truth) Die",
            "de",
            "(x output, NOT human truth) Die",
            "",
            False,
            False,
        ),
        ("en; fourteen sixty-nine;", "en", "fourteen sixty-nine;", "", True, True),
    ],
)
def test_spoken_truth(
    truth: str, language: str, text: str, note: str, written: bool, exact: bool
) -> None:
    assert spoken_truth(truth) == SpokenTruth(language, text, note, written, exact)


def test_not_every_truth_is_speech() -> None:
    assert spoken_truth("no speech; silence") is None
    assert spoken_truth("objects: cat x1") is None


def test_wordless_truths() -> None:
    assert is_wordless("no speech (transcript must be empty): pink_noise_30s")
    assert is_wordless("laughter, no words")
    assert not is_wordless("en; there are no word games")


def test_noise_level_of_a_note() -> None:
    assert noise_db("pink noise, SNR 5 dB") == 5.0
    assert noise_db("pink noise, SNR -3 dB") == -3.0
    assert noise_db("telephone band") is None


def test_photo_truth_with_captions_and_objects() -> None:
    truth = photo_truth("captions: A cat. || Two dogs ; objects: cat x1, stop sign x12")
    assert truth.captions == ("A cat.", "Two dogs")
    assert truth.objects == {"cat": 1, "stop sign": 12}


def test_photo_truth_with_either_alone() -> None:
    assert photo_truth("objects: horse x2, person x6").objects == {"horse": 2, "person": 6}
    assert photo_truth("captions: A sheep ; objects: ").captions == ("A sheep",)
    assert photo_truth("captions: A sheep ; objects: ").objects == {}
    assert photo_truth("label: tiger shark") == photo_truth("")


def test_text_truth_forms(tmp_path: Path) -> None:
    beside = tmp_path / "photo.tif"
    (tmp_path / "photo.txt").write_text("This is text\n", encoding="utf-8")
    says = "OCR image; truth = same stem .txt where present"
    assert text_truth(Item(beside, "photo.tif", "ocr", says)) == "This is text"
    other = tmp_path / "other.tif"
    assert text_truth(Item(other, "other.tif", "ocr", says)) == ""
    plain = Item(other, "o", "ocr", "OCR text: ACME Store / Total 24.40 EUR [rot3]")
    assert text_truth(plain) == "ACME Store\nTotal 24.40 EUR"
    full = Item(other, "o", "ocr", 'fields: { "total": "3" } ; full text: A / B')
    assert text_truth(full) == "A\nB"


def test_field_truth_of_receipt_and_invoice(tmp_path: Path) -> None:
    receipt = 'fields: { "company": "ABC", "total": "31.00" } ; full text: ABC / 31.00'
    invoice = 'invoice fields: [ { "issuer": "OYO", "amount": 1939.0 } ] '
    assert field_truth(Item(tmp_path, "r", "ocr", receipt)) == {"company": "ABC", "total": "31.00"}
    assert field_truth(Item(tmp_path, "i", "document", invoice)) == {
        "issuer": "OYO",
        "amount": 1939.0,
    }
    assert field_truth(Item(tmp_path, "n", "document", "invalid pdf")) == {}
    cut = 'invoice fields: [ { "issuer": "A B.V.", "amount": 7.5, "date": "2014-04-19", "iban": '
    assert field_truth(Item(tmp_path, "c", "document", cut)) == {
        "issuer": "A B.V.",
        "amount": "7.5",
        "date": "2014-04-19",
    }


def test_a_directory_may_lack_everything(tmp_path: Path) -> None:
    assert load_index(tmp_path) == []
    assert flickr_captions(tmp_path, "val") == {}
    assert truth_file(tmp_path / "a.mp4") is None


def test_index_and_captions_keep_only_files_that_exist(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    header = "path,kind,source,licence,truth,bytes\n"
    (tmp_path / "index.csv").write_text(
        header + "a.jpg,photo,s,l,truth,1\ngone.jpg,photo,s,l,t,1\n", encoding="utf-8"
    )
    assert [item.name for item in load_index(tmp_path)] == ["a.jpg"]
    flickr = tmp_path / "photos" / "flickr8k"
    (flickr / "val").mkdir(parents=True)
    (flickr / "val" / "1.jpg").write_bytes(b"x")
    (flickr / "captions.csv").write_text(
        "split,image,caption\nval,1.jpg,one\nval,1.jpg,two\nval,2.jpg,gone\ntrain,3.jpg,t\n",
        encoding="utf-8",
    )
    assert flickr_captions(tmp_path, "val") == {flickr / "val" / "1.jpg": ["one", "two"]}
