"""Nothing that a stranger wrote may disturb a terminal or break a JSON reader."""

from __future__ import annotations

import json
import os

import pytest

from mammothbox.interfaces.cli.answer import (
    safe,
    shown_bytes,
    shown_path,
    shown_time,
    table,
    to_json,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("été 犬 🐕.jpg", "été 犬 🐕.jpg"),
        ("a\nb\tc\r.txt", "a\\nb\\tc\\r.txt"),
        ("\x1b[2Jgone\x07", "\\x1b[2Jgone\\x07"),
        ("\x9b31mred", "\\x9b31mred"),
        ("invoice\u202egpj.exe", "invoice\\u202egpj.exe"),
        ("\u2066hidden\u2069", "\\u2066hidden\\u2069"),
        ("line\u2028break", "line\\u2028break"),
        (os.fsdecode(b"caf\xe9.txt"), "caf\\xe9.txt"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
    ],
)
def test_names_are_shown_on_one_harmless_line(name: str, shown: str) -> None:
    assert safe(name) == shown


def test_every_byte_sequence_gives_printable_text() -> None:
    every = os.fsdecode(bytes(range(256)))
    assert safe(every).isprintable()
    safe(every).encode()


def test_json_of_a_name_that_is_not_utf8_is_utf8_and_comes_back() -> None:
    name = os.fsdecode(b"/p/caf\xe9 \xff.txt")
    line = to_json({"path": name, "text": "犬"}).encode()
    assert "犬".encode() in line
    assert os.fsencode(json.loads(line)["path"]) == b"/p/caf\xe9 \xff.txt"


def test_paths_below_the_current_directory_are_relative(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(f"{tmp_path}/a/b.jpg") == "a/b.jpg"
    assert shown_path(f"{tmp_path}-other/b.jpg") == f"{tmp_path}-other/b.jpg"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_530_000, "1.5 MB"), (217e12, "217 TB")],
)
def test_sizes(size: float, shown: str) -> None:
    assert shown_bytes(size) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (42.9, "0:42"), (3723, "1:02:03")])
def test_times(seconds: float, shown: str) -> None:
    assert shown_time(seconds) == shown


def test_a_table_flushes_numbers_right() -> None:
    assert table([["kind", "done"], ["image", "5"], ["all", "12"]]) == (
        "kind   done\nimage     5\nall      12"
    )
