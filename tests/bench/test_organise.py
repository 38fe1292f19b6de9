"""The organise bench judges a made-up arrangement as a person would count it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.organise import Arrangement, accepted_words, build_mess, judge, names_right
from mammothbox.errors import NotFound

GROUPS = {"a": "dogs", "b": "dogs", "c": "snow", "d": "snow", "e": "receipts", "f": "receipts"}


def test_a_perfect_arrangement() -> None:
    folders = {"a": "Animals/Dogs", "b": "Animals/Dogs", "c": "Skiing", "d": "Skiing"}
    folders |= {"e": "Shop receipts", "f": "Shop receipts"}
    figures = judge(Arrangement(folders, 1.0), GROUPS)
    assert figures["acceptance"] == 1.0
    assert figures["ari"] == 1.0
    assert (figures["folders"], figures["unsorted"], figures["names_right"]) == (3, 0, 3)


def test_what_is_not_moved_or_unsorted_counts_as_wrong() -> None:
    folders = {"a": "Dogs", "b": "Dogs", "c": "Unsorted", "d": "Unsorted", "e": "Bills"}
    figures = judge(Arrangement(folders, 1.0), GROUPS)
    assert figures["acceptance"] == pytest.approx(2 / 6, abs=1e-4)
    assert (figures["folders"], figures["unsorted"]) == (2, 3)


def test_a_name_may_be_the_parents() -> None:
    folders = {"a": "Pets/2024", "b": "Pets/2024", "c": "Summer", "d": "Summer"}
    right = names_right(folders, GROUPS)
    assert right == {"dogs": True, "snow": False, "receipts": False}


def test_groups_without_a_list_accept_their_own_words() -> None:
    assert "kites" not in accepted_words()
    assert names_right({"x": "Kites"}, {"x": "kites"}) == {"kites": True}


def test_the_mess_is_flat_and_neutral(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "dog.jpg").write_bytes(b"dog")
    (media / "organise.csv").write_text(
        "name,source,group\nIMG_1.jpg,dog.jpg,dogs\nIMG_2.jpg,gone.jpg,dogs\n", encoding="utf-8"
    )
    assert build_mess(media, tmp_path / "mess") == {"IMG_1.jpg": "dogs"}
    assert (tmp_path / "mess" / "IMG_1.jpg").read_bytes() == b"dog"
    with pytest.raises(NotFound, match=r"organise\.csv"):
        build_mess(tmp_path, tmp_path / "other")
