"""``python -m bench.organise``: how well a plan arranges a messy folder whose groups are known.

Copies the sources of ``organise.csv`` under neutral names into one flat folder, ingests it and asks
for a plan, all with defaults. Acceptance is a stand-in for a person's: the share of files whose
proposed folder's majority group is their own (see `bench.metrics.grouping`).

With ``--synthetic 100000`` it plans so many made-up files instead, see `bench.synthetic`.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from bench.command import shown
from bench.metrics.grouping import acceptance, adjusted_rand
from mammothbox.errors import NotFound
from mammothbox.organise.options import PlanOptions
from mammothbox.settings import load_settings

if TYPE_CHECKING:
    from mammothbox.library import Library
    from mammothbox.settings import Settings

UNSORTED = "unsorted"
"""A folder of this name, case aside, holds what the plan was unsure of."""


AGAIN = (
    ("by_date", PlanOptions(by="date")),
    ("by_mixed", PlanOptions(by="mixed")),
    ("rule", PlanOptions(hint="receipts by year, photos by trip")),
    ("wish", PlanOptions(hint="keep all kinds of sport together")),
)
"""Plans of files that are understood already; only the last needs the writer."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A plan as the bench judges it: file name → folder, "" for the flat folder itself."""

    folders: Mapping[str, str]
    seconds: float


def build_mess(media: Path, folder: Path) -> dict[str, str]:
    """Copies the sources of ``organise.csv`` to `folder`; gives file name → true group.

    Raises:
        NotFound: there is no such list, or it names no file that exists.
    """
    table = media / "organise.csv"
    if not table.is_file():
        raise NotFound(f"{table} does not exist")
    folder.mkdir(parents=True, exist_ok=True)
    groups = {}
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            source = media / row["source"]
            if source.is_file():
                shutil.copyfile(source, folder / row["name"])
                groups[row["name"]] = row["group"]
    if not groups:
        raise NotFound(f"{table} names no file that exists")
    return groups


def judge(arrangement: Arrangement, groups: Mapping[str, str]) -> dict[str, Any]:
    """The figures of an arrangement against the true groups."""
    folders = {name: arrangement.folders.get(name, "") for name in groups}
    doubtful = frozenset(one for one in folders.values() if not one or _is_unsorted(one))
    names = sorted(groups)
    proposed = {one for one in folders.values() if one not in doubtful}
    return {
        "acceptance": acceptance(folders, groups, doubtful),
        "ari": adjusted_rand([folders[n] for n in names], [groups[n] for n in names]),
        "folders": len(proposed),
        "unsorted": sum(one in doubtful for one in folders.values()),
        "seconds": round(arrangement.seconds, 1),
        "names_right": sum(names_right(folders, groups).values()),
        "groups": len(set(groups.values())),
        "files": len(groups),
        "names": _names(folders, groups),
    }


def _is_unsorted(folder: str) -> bool:
    return any(part.casefold().strip("_ ") == UNSORTED for part in PurePosixPath(folder).parts)


def names_right(folders: Mapping[str, str], groups: Mapping[str, str]) -> dict[str, bool]:
    """True group → whether the folder with most of its files, or that one's parent, fits it."""
    words = accepted_words()
    right = {}
    for group, folder in main_folders(folders, groups).items():
        name = " ".join(PurePosixPath(folder).parts[-2:]).casefold()
        starts = [word.casefold() for word in words.get(group, re.findall(r"\w{3,}", group))]
        found = re.findall(r"[^\W_]+", name)
        fits = any(_fits(word, start) for word in found for start in starts)
        right[group] = fits and not _is_unsorted(folder)
    return right


def _fits(word: str, start: str) -> bool:
    """Whether a word begins with an accepted one; short ones (``ice``) must be the whole word."""
    return word in (start, f"{start}s") if len(start) <= 3 else word.startswith(start)


def main_folders(folders: Mapping[str, str], groups: Mapping[str, str]) -> dict[str, str]:
    """True group → the folder that holds most of its files."""
    members: dict[str, Counter[str]] = {}
    for name, group in groups.items():
        members.setdefault(group, Counter())[folders.get(name, "")] += 1
    return {group: counts.most_common(1)[0][0] for group, counts in members.items()}


def accepted_words() -> dict[str, list[str]]:
    """True group → word beginnings that make a name sensible."""
    text = files("bench").joinpath("organise_words.yaml").read_text(encoding="utf-8")
    return {group: list(map(str, words)) for group, words in yaml.safe_load(text).items()}


def _names(folders: Mapping[str, str], groups: Mapping[str, str]) -> dict[str, str]:
    right = names_right(folders, groups)
    main = main_folders(folders, groups)
    return {group: f"{main[group]} ({'right' if right[group] else 'wrong'})" for group in main}


def arrange(library: Library, folder: Path) -> Arrangement:
    """Ingests `folder` and plans it with defaults; the seconds are those of both together."""
    begin = time.perf_counter()
    library.ingest([str(folder)])
    plan = library.plan(str(folder))
    seconds = time.perf_counter() - begin
    folders = {}
    for move in plan.moves:
        source = Path(move.source)
        name = source.name if source.is_absolute() else PurePosixPath(move.source).name
        folders[name] = str(PurePosixPath(move.target).parent).removeprefix(".")
    return Arrangement(folders, seconds)


def measure(media: Path) -> dict[str, Any]:
    """The whole bench in a directory that vanishes."""
    from mammothbox.library import Library

    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        folder = Path(scratch) / "mess"
        groups = build_mess(media, folder)
        settings = load_settings(library=Path(scratch) / "library")
        with Library.open(settings, write=True) as library:
            result = judge(arrange(library, folder), groups)
        return result | {"again": {name: again(settings, folder, how) for name, how in AGAIN}}


def again(settings: Settings, folder: Path, options: PlanOptions) -> dict[str, Any]:
    """Plans once more as a new command would: seconds, calls of the writer, hosts that ran."""
    from mammothbox.library import Library

    with Library.open(settings, write=True) as library:
        begin = time.perf_counter()
        made = library.plan(str(folder), options)
        seconds = round(time.perf_counter() - begin, 1)
        hosts = sorted(library.models.pids())
    return {"seconds": seconds, "calls": made.cost["writer_calls"], "hosts": hosts}


def synthetic(media: Path, count: int, fill: Path | None, keep: Path | None) -> dict[str, Any]:
    """Planning at scale, in a directory that vanishes, or in `keep`; or only filling `fill`."""
    from bench.synthetic import fill_once
    from bench.synthetic import measure as measure_synthetic

    if fill:
        return fill_once(media, load_settings(library=fill), count)
    if keep:
        return measure_synthetic(media, load_settings(library=keep), count)
    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        return measure_synthetic(media, load_settings(library=Path(scratch) / "library"), count)


def main(argv: list[str] | None = None) -> int:
    """Runs the bench; exit status 0, or the error's own when the product refuses."""
    parser = argparse.ArgumentParser(prog="python -m bench.organise", description=__doc__)
    parser.add_argument("--media", type=Path, required=True, help="directory with organise.csv")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--synthetic", type=int, metavar="N", help="plan N made-up files instead")
    parser.add_argument("--fill", type=Path, help="only make the library of made-up files there")
    parser.add_argument("--filled", type=Path, help="plan the made-up files of a library so made")
    options = parser.parse_args(argv)

    def work() -> dict[str, Any]:
        if options.synthetic:
            return synthetic(options.media, options.synthetic, options.fill, options.filled)
        return measure(options.media)

    return shown(options, "Arranging a messy folder", work, "organise")


if __name__ == "__main__":
    sys.exit(main())
