"""The acceptance table calls a broken promise broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.accept.__main__ import main, measured
from bench.accept.lines import ORGANISE, QUALITY, SPEED, WHOLE, Limit, Line, judge
from bench.accept.runs import RUNS
from bench.quality.schema import copied, everything


@pytest.mark.parametrize(
    ("sign", "value", "figure", "ok"),
    [
        (">=", 0.22, 0.22, True),
        (">=", 0.22, 0.21, False),
        ("<=", 5, 5.1, False),
        ("==", 0, 0, True),
        ("==", 0, 1, False),
        ("", 0, 1, None),
        (">=", 1, None, False),
    ],
)
def test_a_figure_against_its_limit(
    sign: str, value: float, figure: float | None, ok: bool | None
) -> None:
    assert judge(Limit("x", ("a", "b"), sign, value), {"a": {"b": figure}}).ok is ok


def test_a_limit_may_be_another_figure() -> None:
    limit = Limit("x", ("valid",), ">=", ("of",))
    assert judge(limit, {"valid": 3, "of": 3}).ok
    assert judge(limit, {"valid": 2, "of": 3}) == Line("x", ">= 3", "2", False)
    assert judge(limit, {"valid": 2}).ok is False
    assert judge(limit, {}).ok is False


def test_no_promise_is_named_twice() -> None:
    names = [limit.what for limit in (*QUALITY, *WHOLE, *SPEED, *ORGANISE)]
    assert len(names) == len(set(names))


def test_a_bench_that_breaks_is_a_broken_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(RUNS) >= {"quality", "speed", "bad", "whole", "network", "kill"}
    assert measured("organise", tmp_path)[0].ok is False
    assert main(["--media", str(tmp_path), "--only", "organise", "--json"]) == 1
    assert "organise.csv does not exist" in capsys.readouterr().out
    assert main(["--media", str(tmp_path), "--only", "nonsense"]) == 2


def test_shared_leaves_the_training_photos_out(tmp_path: Path) -> None:
    for number in range(120):
        for split in ("train", "val"):
            path = tmp_path / "media" / "photos" / "flickr8k" / split / f"{number:03}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    (tmp_path / "media" / "docs").mkdir()
    (tmp_path / "media" / "docs" / "a.txt").write_bytes(b"x")
    media = tmp_path / "media"
    (media / "docs" / "link.txt").symlink_to("a.txt")
    copy = copied(media, everything(media), tmp_path / "copy")
    names = sorted(path.name for path in copy.rglob("*") if path.is_file())
    assert len(names) == 102
    assert (copy / "docs" / "link.txt").is_symlink()
    assert not (copy / "photos" / "flickr8k" / "train").exists()
